import Boundaries
public import Networks
import Tensors

/// What boundary attributions differentiate.
public enum BoundaryScore: String, NamedOption {
  /// The fact's score less that of the class beyond the boundary. It is zero on the boundary and its
  /// gradient there is the boundary's normal; what raises all scores alike, and so decides nothing, is
  /// no part of it.
  case margin
  /// The fact's score alone, as in the code that was published with the method.
  case logit

  static let meaning =
    "what is differentiated: margin (of the fact over the class beyond the boundary) or logit (of the "
    + "fact alone)"

  /// - Parameter foil: the class beyond the boundary.
  public func objective(_ fact: ClassIndex, over foil: ClassIndex) -> Objective {
    switch self {
    case .margin: .margin(fact, over: foil)
    case .logit: .logit(fact)
    }
  }
}

extension Explanation {
  /// What is said where a search found no point: a map of zeros, and why.
  init(without outcome: BoundaryOutcome, for question: Question) {
    self.init(
      map: AttributionMap(Tensor(zeros: question.subject.input.shape.item), sign: .signed),
      diagnostics: Diagnostics(of: outcome), status: .boundary(outcome.status))
  }
}
