public import Tensors

/// A method's answer to a question.
public struct Explanation: Sendable {
  public let map: AttributionMap
  /// Of methods that sample: how uncertain each value of the map is, as one standard error. Its values
  /// have the map's shape.
  public let standardError: AttributionMap?
  /// Another picture that the method found, `[1, C, H, W]`, values 0...1: a flip point, an adversarial
  /// picture, an inversion.
  public let counterpart: Tensor?
  public let diagnostics: Diagnostics
  public let status: Status

  /// How far an answer can be relied on.
  public enum Status: Sendable, Equatable {
    case complete
    /// The map is zero everywhere: the method found nothing that speaks for the fact.
    case nothingFound
    /// The map holds values that are no numbers or infinite: the picture or the network drives them out
    /// of range.
    case nonFinite
    /// The map does not add up to what it should explain, even at the largest effort allowed.
    case completenessFailed(gap: Double)
    /// Sampling ended before the map was as certain as was asked for; `error` is relative.
    case uncertain(error: Double)
  }

  public init(
    map: AttributionMap, standardError: AttributionMap? = nil, counterpart: Tensor? = nil,
    diagnostics: Diagnostics = Diagnostics(), status: Status = .complete
  ) {
    self.map = map
    self.standardError = standardError
    self.counterpart = counterpart
    self.diagnostics = diagnostics
    self.status = status
  }
}

extension Explanation.Status {
  /// A word for files and scripts.
  public var code: String {
    switch self {
    case .complete: "complete"
    case .nothingFound: "nothing-found"
    case .nonFinite: "non-finite"
    case .completenessFailed: "completeness-failed"
    case .uncertain: "uncertain"
    }
  }
}

/// Numbers that a method reports about its own work.
public struct Diagnostics: Sendable, Equatable {
  /// By name; the method's description tells what each means.
  public var values: [String: Double]
  /// Words that the method has to say, such as the layer it chose.
  public var notes: [String: String]
  /// Pictures sent forward and backward through the network.
  public var forwardPasses: Int
  public var backwardPasses: Int

  public init(
    values: [String: Double] = [:], notes: [String: String] = [:], forwardPasses: Int = 0,
    backwardPasses: Int = 0
  ) {
    self.values = values
    self.notes = notes
    self.forwardPasses = forwardPasses
    self.backwardPasses = backwardPasses
  }
}
