/// What a search for the nearest point of a boundary found.
public struct BoundaryOutcome: Sendable {
  public let status: BoundaryStatus
  /// Under `found` and `degenerateTie`.
  public let point: BoundaryPoint?
  /// What it took.
  public let effort: Effort
  /// 0 where the start is misclassified; nil where no point was found.
  public var distance: Double? { status == .startMisclassified ? 0 : point?.distance }

  /// What one input has cost.
  public struct Effort: Sendable, Hashable, Codable {
    /// Forward passes that no backward pass followed.
    public var forwards = 0
    /// Backward passes of one input and one seed vector, each with its forward pass.
    public var gradients = 0
  }
}
