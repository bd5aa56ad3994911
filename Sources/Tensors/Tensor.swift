/// Dense row-major `Float` values. Images are `[N, C, H, W]`.
///
/// A tensor is a value: copies share memory until one of them is written.
public struct Tensor: Sendable {
  public let shape: Shape
  private var storage: TensorStorage

  /// Traps unless there are `shape.count` scalars.
  public init(_ scalars: [Float], shape: Shape) {
    precondition(
      scalars.count == shape.count, "\(shape) takes \(shape.count) scalars, got \(scalars.count)")
    self.init(
      shape: shape,
      unsafeUninitializedScalars: { _ = $0.initialize(fromContentsOf: scalars) })
  }

  /// The same value everywhere.
  public init(repeating value: Float, shape: Shape) {
    self.init(shape: shape, unsafeUninitializedScalars: { $0.initialize(repeating: value) })
  }

  /// Zeros.
  public init(zeros shape: Shape) { self.init(repeating: 0, shape: shape) }

  /// Fills new memory in place. `fill` must initialise every scalar of the buffer.
  public init<E: Error>(
    shape: Shape,
    unsafeUninitializedScalars fill: (UnsafeMutableBufferPointer<Float>) throws(E) -> Void
  ) throws(E) {
    self.shape = shape
    storage = TensorStorage(uninitializedCount: shape.count)
    try fill(storage.scalars)
  }

  private init(shape: Shape, storage: TensorStorage) {
    self.shape = shape
    self.storage = storage
  }

  /// Number of scalars.
  public var count: Int { shape.count }

  /// All scalars, in row-major order.
  public var scalars: [Float] { withScalars { Array($0) } }

  /// One scalar by its row-major position. Traps outside.
  public subscript(position: Int) -> Float {
    get { storage.scalars[position] }
    set { withMutableScalars { $0[position] = newValue } }
  }

  /// Reads the scalars in place. The memory is aligned to 64 bytes.
  public func withScalars<R: ~Copyable, E: Error>(
    _ body: (UnsafeBufferPointer<Float>) throws(E) -> R
  ) throws(E) -> R {
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeBufferPointer(storage.scalars))
  }

  /// Changes the scalars in place, after making sure that no other tensor shares them.
  public mutating func withMutableScalars<R: ~Copyable, E: Error>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws(E) -> R
  ) throws(E) -> R {
    if !isKnownUniquelyReferenced(&storage) {
      storage = TensorStorage(copying: UnsafeBufferPointer(storage.scalars))
    }
    defer { withExtendedLifetime(storage) {} }
    return try body(storage.scalars)
  }

  /// The same scalars under another shape. Traps unless the counts agree.
  public func reshaped(to shape: Shape) -> Tensor {
    precondition(shape.count == count, "\(self.shape) cannot be seen as \(shape)")
    return Tensor(shape: shape, storage: storage)
  }
}

extension Tensor: Equatable {
  /// Equal shape and equal scalars (`==` of `Float`: NaN differs from itself, 0 equals −0).
  public static func == (a: Tensor, b: Tensor) -> Bool {
    guard a.shape == b.shape else { return false }
    return a.withScalars { x in b.withScalars { y in x.elementsEqual(y) } }
  }
}

extension Tensor: CustomStringConvertible {
  /// `Tensor [1, 3, 224, 224]`.
  public var description: String { "Tensor \(shape)" }
}
