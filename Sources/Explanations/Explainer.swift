/// A method: its stored properties are its parameters, each with a good default, and `explain` is a
/// pure function of its arguments.
///
/// Two equal explainers answer equally. The Codable form is at once the set of options that a user can
/// change, the record of what was run, and part of the key under which a result is kept; so it holds
/// no optionals (they vanish when encoded).
///
/// `Model` says what the method needs: `any Classifier` for a black box,
/// `any DifferentiableClassifier` for gradients and layers, `any InvertibleClassifier` for an inverse.
public protocol Explainer<Model>: Sendable, Codable {
  associatedtype Model

  /// What the method is, for lists and help.
  static var about: MethodDescription { get }

  /// The defaults.
  init()

  /// Throws `invalidParameter` where a parameter lies outside its range.
  func validate() throws(ExplainerError)

  /// Answers the question. Randomness comes from `question.subject.seed` alone.
  func explain(_ question: Question, using model: Model) throws(ExplainerError) -> Explanation
}

extension Explainer {
  public func validate() throws(ExplainerError) {}
}

/// What is said of a method in lists and help.
public struct MethodDescription: Sendable, Equatable {
  /// As on the command line: `integrated-gradients`.
  public let name: String
  /// One line.
  public let summary: String
  /// Authors, title, year, identifier.
  public let source: String
  /// What each parameter means, by its encoded name.
  public let parameters: [String: String]

  public init(name: String, summary: String, source: String, parameters: [String: String] = [:]) {
    self.name = name
    self.summary = summary
    self.source = source
    self.parameters = parameters
  }
}
