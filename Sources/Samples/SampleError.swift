/// Why samples cannot be drawn or read, in one sentence that says what can be done.
public struct SampleError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}
