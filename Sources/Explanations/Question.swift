public import Networks

/// Why `fact`, rather than `foil`, for this subject?
public struct Question: Sendable {
  public let subject: Subject
  public let fact: ClassIndex
  /// The class that the fact is contrasted with, if any.
  public let foil: ClassIndex?

  public init(_ subject: Subject, fact: ClassIndex, foil: ClassIndex? = nil) {
    self.subject = subject
    self.fact = fact
    self.foil = foil
  }

  /// What is differentiated: the margin over the foil if there is one, the fact's logit otherwise.
  public var objective: Objective {
    if let foil { .margin(fact, over: foil) } else { .logit(fact) }
  }
}
