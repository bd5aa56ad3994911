/// Why a model file cannot be used.
public struct ModelError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Each has another remedy.
  public enum Kind: String, Sendable {
    /// The file cannot be opened or read.
    case unreadable
    /// The bytes are no model, or contradict themselves.
    case malformed
    /// A size is beyond what is accepted.
    case limit
    /// The model asks for something that this package cannot compute.
    case unsupported
    /// The caller must choose something, or chose what does not fit.
    case choice
  }

  /// What the remedy depends on.
  public let kind: Kind
  /// What was found, where, what was expected and what can be done.
  public let reason: String
  /// Every node that cannot be read, where that is what is wrong.
  public let findings: [ModelFinding]
  /// The file as the caller named it.
  public let file: String?

  init(_ kind: Kind, _ reason: String, findings: [ModelFinding] = [], file: String? = nil) {
    self.kind = kind
    self.reason = reason
    self.findings = findings
    self.file = file
  }

  /// The same error with the file it is about.
  func about(_ file: String) -> ModelError {
    ModelError(kind, reason, findings: findings, file: file)
  }

  /// One sentence, with the file in front.
  public var description: String { (file.map { "\($0): " } ?? "") + reason }
}

/// A node of a model that cannot be read.
public struct ModelFinding: Sendable, Equatable, Codable {
  /// The node's name, or that of its first output.
  public let node: String
  /// Its operator, with the domain where that is not ONNX's own.
  public let kind: String
  /// Why, as a sentence without its capital and full stop.
  public let reason: String
  /// What could be done, as a sentence; nil where the reason says it.
  public let advice: String?
}

/// Sizes beyond which a model is refused before anything is allocated for it.
enum ModelLimits {
  /// What protobuf itself allows.
  static let fileByteCount = 1 << 31 - 1
  static let nodeCount = 100_000
  /// Functions and branches within each other.
  static let nestingDepth = 24
  /// UTF-8 bytes of the names in functions, counted again at each call.
  static let inlinedByteCount = 1 << 27
  /// Dimensions of a tensor.
  static let rank = 32
  /// UTF-8 bytes of a name.
  static let nameLength = 4096
  /// Elements of a trained tensor, or of a layer's output for one picture.
  static let elementCount = 1 << 28
  /// Multiplications and additions for one picture; the sum stays far from overflow.
  static let operationCount = 1 << 58
  /// Multiplications and additions that are done while a model is read.
  static let foldedOperationCount = 1 << 32
  /// Taps of a pooling window along one axis.
  static let tapCount = 1 << 14
}
