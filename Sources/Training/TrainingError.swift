/// Why a training cannot begin or go on.
public struct TrainingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What the remedy depends on.
  public enum Kind: String, Sendable {
    /// What was asked does not fit together; asking otherwise helps.
    case request
    /// A file or folder cannot be used as it is.
    case environment
  }

  public let kind: Kind
  /// What, where, expected, found and what to do, in one sentence.
  public let description: String

  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
