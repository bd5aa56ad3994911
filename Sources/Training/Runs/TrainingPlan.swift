/// What a training is of, as far as its result depends on it: a checkpoint of one is no use to another.
struct TrainingPlan: Sendable, Equatable, Codable {
  let settings: TrainingSettings
  let engine: String
  let threads: Int
  let labels: [String]
  /// Pictures to learn from and to be asked, and a digest of their names and classes in order.
  let trainingCount: Int
  let validationCount: Int
  let dataDigest: String
  /// `squash:64`, and the channels.
  let input: String
  /// Layers with their shapes, and a digest of the weights at the beginning.
  let networkDigest: String
  /// Of an invertible network.
  let activations: Trainer.Activations?
  let frozen: [String]
  let valueCount: Int
  let statisticCount: Int
  /// Floats of what a coupling bound goes on from.
  let directionCount: Int

  /// What differs first, as a user can use it: `batch 64, not 32`. Nil where nothing does.
  func difference(from other: TrainingPlan) -> String? {
    let (mine, others) = (settings, other.settings)
    let fields: [(name: String, other: String, mine: String)] = [
      ("--epochs", "\(others.epochs)", "\(mine.epochs)"),
      ("--batch", "\(others.batch)", "\(mine.batch)"),
      ("--optimizer", others.method.rawValue, mine.method.rawValue),
      ("--rate", "\(others.rate)", "\(mine.rate)"),
      ("--seed", "\(others.seed)", "\(mine.seed)"),
      ("--augment", "\(others.augmentation)", "\(mine.augmentation)"),
      (
        "--coupling-bound", others.couplingBound.map { "\($0)" } ?? "none",
        mine.couplingBound.map { "\($0)" } ?? "none"
      ),
      (
        "--likelihood", others.likelihood.map { "\($0)" } ?? "none",
        mine.likelihood.map { "\($0)" } ?? "none"
      ),
      ("--engine", other.engine, engine),
      ("--threads", "\(other.threads)", "\(threads)"),
      ("classes", other.labels.joined(separator: ", "), labels.joined(separator: ", ")),
      ("pictures to learn from", "\(other.trainingCount)", "\(trainingCount)"),
      ("pictures for validation", "\(other.validationCount)", "\(validationCount)"),
      ("input", other.input, input),
      (
        "--activations", other.activations?.rawValue ?? "none", activations?.rawValue ?? "none"
      ),
      ("frozen layers", other.frozen.joined(separator: ", "), frozen.joined(separator: ", ")),
    ]
    if let field = fields.first(where: { $0.other != $0.mine }) {
      return "\(field.name) \(field.other), not \(field.mine)"
    }
    if other.dataDigest != dataDigest { return "other pictures" }
    if other.networkDigest != networkDigest { return "another network" }
    return other == self ? nil : "other settings"
  }
}

/// A digest that tells accidents apart, not attacks (FNV-1a, 64 bits).
struct PlainDigest {
  private var hash: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ text: String) { for byte in text.utf8 { add(UInt64(byte)) } }

  mutating func add(_ value: UInt64) { hash = (hash ^ value) &* 0x0000_0100_0000_01B3 }

  var text: String { String(hash, radix: 16) }
}
