/// What a network says of pictures whose classes are known.
public struct Evaluation: Sendable, Equatable {
  /// Mean loss, without smoothing and class weights.
  public let loss: Double
  /// Pictures of each class (rows) by what they were taken for (columns).
  public let confusion: [[Int]]

  public var count: Int { confusion.joined().reduce(0, +) }

  /// The share of pictures that were taken for what they show.
  public var accuracy: Double {
    let right = confusion.indices.reduce(0) { $0 + confusion[$1][$1] }
    return Double(right) / Double(max(count, 1))
  }
}
