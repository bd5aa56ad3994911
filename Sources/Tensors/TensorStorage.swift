/// Memory of a tensor: uniquely owned while it is written, shared and immutable otherwise.
///
/// `@unchecked Sendable` holds because only `Tensor` sees the storage: it writes through a reference
/// that it has checked to be unique, and everything else only reads.
final class TensorStorage: @unchecked Sendable {
  /// Cache line and widest vector register.
  static let alignment = 64

  let scalars: UnsafeMutableBufferPointer<Float>

  /// Memory that holds no values yet.
  init(uninitializedCount count: Int) {
    let raw = UnsafeMutableRawPointer.allocate(
      byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: Self.alignment)
    scalars = UnsafeMutableBufferPointer(
      start: raw.bindMemory(to: Float.self, capacity: max(count, 1)), count: count)
  }

  convenience init(copying other: UnsafeBufferPointer<Float>) {
    self.init(uninitializedCount: other.count)
    _ = scalars.initialize(fromContentsOf: other)
  }

  deinit { UnsafeMutableRawPointer(scalars.baseAddress)?.deallocate() }
}
