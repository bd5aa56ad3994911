/// How a network is trained. Two trainings of the same data, network and settings, on the same machine
/// and number of threads, end in the same bits.
public struct TrainingSettings: Sendable, Equatable, Codable {
  /// How weights follow gradients.
  public enum Method: String, Sendable, Codable, CaseIterable {
    case sgd, adamw
  }

  /// What counts a class for.
  public enum ClassWeights: Sendable, Equatable {
    /// All alike.
    case none
    /// The rarer, the more: all classes together weigh the same.
    case balanced
    /// One for each class.
    case list([Float])
  }

  /// Times that every picture is learned from.
  public var epochs = 20
  /// Pictures in a step.
  public var batch = 64
  public var method = Method.adamw
  /// The largest learning rate; 0 chooses 0.05 for SGD and 0.01 for AdamW.
  public var rate = 0.0
  /// How much of the last step SGD goes on with.
  public var momentum: Float = 0.9
  /// How strongly weights, other than biases and those of normalisations, are pulled to 0: for SGD as
  /// a part of the gradient, for AdamW apart from it. Below 0 chooses 0.0005 and 0.05.
  public var weightDecay: Float = -1
  /// Epochs until the learning rate is the largest.
  public var warmUp = 1.0
  /// The share of every target that is spread over all classes.
  public var smoothing: Float = 0
  public var augmentation = Augmentation()
  public var classWeights = ClassWeights.none
  /// How much of the weights' moving average stays in a step; 0 for the weights as they are.
  public var averaging: Float = 0
  /// Epochs without a smaller loss in validation after which the training ends, with the weights of
  /// the best; 0 for none of this.
  public var patience = 0
  /// Training on attacked pictures; a radius of 0 for none of this.
  public var attack = Attack(radius: 0)
  /// The deviation of Gaussian noise on pictures, in pixels 0...1.
  public var noise: Float = 0
  /// What the inner networks of an invertible network's couplings may stretch at most; nil for no bound.
  public var couplingBound: Float?
  /// How much the density of pictures counts for an invertible network; nil for nothing.
  public var likelihood: Float?
  /// Where random numbers start.
  public var seed: UInt64 = 0

  public init() {}

  /// The settings with what they leave open filled in.
  public var complete: TrainingSettings {
    var settings = self
    if rate == 0 { settings.rate = method == .sgd ? 0.05 : 0.01 }
    if weightDecay < 0 { settings.weightDecay = method == .sgd ? 0.0005 : 0.05 }
    return settings
  }

  var optimizer: Optimizer {
    switch method {
    case .sgd: .descent(momentum: momentum)
    case .adamw: .adamW()
    }
  }

  /// Throws for numbers that make no training.
  func check(classCount: Int) throws(TrainingError) {
    func check(_ isRight: Bool, _ text: String) throws(TrainingError) {
      guard isRight else { throw TrainingError(.request, text) }
    }
    try check((1...1_000_000).contains(epochs), "--epochs: expected 1 or more, found \(epochs)")
    try check((1...65536).contains(batch), "--batch: expected 1 to 65536, found \(batch)")
    try check(rate > 0 && rate.isFinite, "--rate: expected a number above 0, found \(rate)")
    try check((0..<1).contains(momentum), "--momentum: expected 0 to below 1, found \(momentum)")
    try check(weightDecay.isFinite, "--weight-decay: expected 0 or more, found \(weightDecay)")
    try check(warmUp >= 0 && warmUp.isFinite, "--warm-up: expected 0 or more, found \(warmUp)")
    try check(
      (0..<1).contains(smoothing), "--label-smoothing: expected 0 to below 1, found \(smoothing)")
    try check((0..<1).contains(averaging), "--average: expected 0 to below 1, found \(averaging)")
    try check(patience >= 0, "--patience: expected 0 or more, found \(patience)")
    try check(
      attack.radius >= 0 && attack.radius.isFinite,
      "--adversarial: expected a radius of 0 or more, found \(attack.radius)")
    try check(attack.steps >= 1, "--steps: expected 1 or more, found \(attack.steps)")
    try check(noise >= 0 && noise.isFinite, "--noise: expected 0 or more, found \(noise)")
    if let couplingBound {
      try check(
        couplingBound > 0 && couplingBound.isFinite,
        "--coupling-bound: expected a number above 0, found \(couplingBound)")
    }
    if let likelihood {
      try check(
        likelihood > 0 && likelihood.isFinite,
        "--likelihood: expected a number above 0, found \(likelihood)")
    }
    if case .list(let weights) = classWeights {
      try check(
        weights.count == classCount,
        "--class-weights: expected \(classCount), one for each class, found \(weights.count)")
      try check(
        weights.allSatisfy { $0 > 0 && $0.isFinite },
        "--class-weights: expected numbers above 0, found \(weights)")
    }
  }
}

extension TrainingSettings.ClassWeights: Codable {
  /// Reads `none`, `balanced` or `1,2,0.5`; nil for anything else.
  public init?(_ text: String) {
    switch text {
    case "none": self = .none
    case "balanced": self = .balanced
    default:
      let parts = text.split(separator: ",", omittingEmptySubsequences: false)
      let numbers = parts.compactMap { Float($0) }
      guard numbers.count == parts.count else { return nil }
      self = .list(numbers)
    }
  }

  var description: String {
    switch self {
    case .none: "none"
    case .balanced: "balanced"
    case .list(let weights): weights.map { "\($0)" }.joined(separator: ",")
    }
  }

  public init(from decoder: any Decoder) throws {
    let text = try String(from: decoder)
    guard let weights = Self(text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "'\(text)' are no class weights"))
    }
    self = weights
  }

  public func encode(to encoder: any Encoder) throws { try description.encode(to: encoder) }

  /// A factor for each class, or empty for none.
  func factors(counts: [Int]) -> [Float] {
    switch self {
    case .none: return []
    case .list(let weights): return weights
    case .balanced:
      let total = Float(counts.reduce(0, +))
      return counts.map { total / (Float(counts.count) * Float(max($0, 1))) }
    }
  }
}
