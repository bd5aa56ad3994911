/// Floats that several plans share, and that others may change between passes: parameters that are
/// being trained, and their gradients.
///
/// Not Sendable: whoever changes it must know that no pass is running.
public final class ExternalMemory {
  /// Begins as zeros, at an address that 64 divides.
  public let scalars: UnsafeMutableBufferPointer<Float>

  public init(count: Int) {
    let start = UnsafeMutablePointer<Float>.aligned(
      byteCount: max(count, 1) * MemoryLayout<Float>.stride)
    scalars = UnsafeMutableBufferPointer(start: start, count: count)
    scalars.initialize(repeating: 0)
  }

  deinit { scalars.deallocate() }
}
