/// Something that was done to a model while it was read and that its user may want to know.
public enum ModelNote: Sendable, Equatable, CustomStringConvertible {
  /// The network ends in this softmax; its input is the score.
  case softmaxPeeled(String)
  /// The file fixes the number of pictures in a pass; the network takes any.
  case batchGeneralized(Int)
  /// Pictures have to go through one at a time.
  case runsSingly
  /// Of several outputs, this one holds the class scores.
  case outputChosen(String, ignored: [String])
  /// The file's own labels cannot be used.
  case labelsIgnored(String)
  /// The file says that the network is invertible, which is not found to be so.
  case notInvertible(String)

  /// One sentence without its capital and full stop.
  public var description: String {
    switch self {
    case .softmaxPeeled(let name):
      "the final softmax '\(name)' is taken off: scores are its input, probabilities its output"
    case .batchGeneralized(let count):
      "the file fixes a batch of \(count); the network is read for any batch"
    case .runsSingly:
      "the graph mixes the pictures of a batch, so they go through one at a time"
    case .outputChosen(let name, let ignored):
      "'\(name)' is taken for the class scores; other outputs are ignored: "
        + ignored.map { "'\($0)'" }.joined(separator: ", ")
    case .labelsIgnored(let reason):
      "the labels in the file are ignored: \(reason)"
    case .notInvertible(let reason):
      "the file says that the network is invertible, but \(reason); it is read as any other"
    }
  }
}
