import Foundation
public import Networks
import Tensors

/// A line of the catalogue: a method whose type is forgotten, ready to be configured by options.
public struct ExplainerEntry: Sendable, CustomStringConvertible {
  public let about: MethodDescription
  /// What the method needs of a model, in words.
  public let needs: String
  /// The defaults of every option.
  public let defaults: JSONValue

  private let suits: @Sendable (any Classifier) -> Bool
  private let make: @Sendable (MethodOptions) throws(ExplainerError) -> ConfiguredExplainer
  private let restore: @Sendable (JSONValue) throws(ExplainerError) -> ConfiguredExplainer

  public init<E: Explainer>(_ type: E.Type) {
    about = E.about
    needs =
      switch E.need {
      case .scores: "scores"
      case .gradients: "gradients and layers"
      case .inverse: "an exact inverse"
      }
    suits = { $0 is E.Model }
    // Defaults that cannot be written would fail for every use; the catalogue's tests see to it.
    defaults = (try? JSONValue.encoding(E(), for: E.about.name)) ?? .object([:])
    make = { options throws(ExplainerError) in
      ConfiguredExplainer(try options.applied(to: E()))
    }
    restore = { parameters throws(ExplainerError) in
      ConfiguredExplainer(try parameters.decoded(as: E.self))
    }
  }

  /// The method with its defaults changed. Throws for unknown options and values out of range.
  public func configured(
    _ options: MethodOptions = MethodOptions()
  ) throws(ExplainerError) -> ConfiguredExplainer {
    try make(options)
  }

  /// The method with parameters as a `ConfiguredExplainer` recorded them. Throws for others than it has,
  /// and for values out of range.
  public func configured(
    recorded parameters: JSONValue
  ) throws(ExplainerError) -> ConfiguredExplainer {
    try restore(parameters)
  }

  /// Whether the method can be asked about a model, as far as its kind tells.
  public func suits(_ model: any Classifier) -> Bool { suits(model) }

  /// The method's name.
  public var description: String { about.name }

  /// Whether the method has an option under this dotted key, once other options are set: one that
  /// chooses may bring options of its own.
  public func hasOption(_ key: String, after options: MethodOptions = MethodOptions()) -> Bool {
    let path = key.split(separator: ".", omittingEmptySubsequences: false)[...]
    let parameters = options.settings.isEmpty ? nil : try? configured(options).parameters
    return (parameters ?? defaults).contains(path)
  }
}

/// A method with its parameters set, whose type is forgotten.
public struct ConfiguredExplainer: Sendable {
  public let about: MethodDescription
  /// All parameters, as they are recorded.
  public let parameters: JSONValue

  private let run: @Sendable (Question, any Classifier) throws(ExplainerError) -> Explanation

  init<E: Explainer>(_ explainer: E) {
    about = E.about
    parameters = (try? JSONValue.encoding(explainer, for: E.about.name)) ?? .object([:])
    run = { question, model throws(ExplainerError) in
      guard let suitable = model as? E.Model else {
        throw .unsuitableModel(method: E.about.name, needs: E.need.words)
      }
      return try explainer.explain(question, using: suitable)
    }
  }

  /// Answers the question, and says so by the status where the map is zero everywhere or holds values
  /// that are not finite.
  public func explain(
    _ question: Question, using model: any Classifier
  ) throws(ExplainerError) -> Explanation {
    var explanation = try run(question, model)
    let values = explanation.map.values
    if !values.isFinite {
      explanation.status = .nonFinite
    } else if explanation.status == .complete, values.largestMagnitude == 0 {
      explanation.status = .nothingFound
    }
    return explanation
  }
}

/// What methods need of a model, by its kind.
private enum ModelNeed {
  case scores
  case gradients
  case inverse

  /// For a model that lacks it.
  var words: String {
    switch self {
    case .scores: "a classifier"
    case .gradients: "a network that can be differentiated"
    case .inverse:
      "an invertible network, as 'tidemark train --architecture invertible' makes them, not smoothed "
        + "by noise"
    }
  }
}

extension Explainer {
  fileprivate static var need: ModelNeed {
    if Model.self == (any Classifier).self { return .scores }
    return Model.self == (any InvertibleClassifier).self ? .inverse : .gradients
  }
}
