public import Tensors

/// Directions `[N, F]`, one in each row, that are asked for when they are needed.
///
/// A row may be asked for several times and must be the same each time; where rows lie in files,
/// no more of them are in memory than a block.
public struct DirectionRows {
  /// N, at least 0.
  public let count: Int
  /// F, at least 1.
  public let length: Int
  /// Writes a row into `length` places.
  private let write: (Int, UnsafeMutableBufferPointer<Double>) throws -> Void

  /// Rows of double precision. `row` is asked for places in `0..<count` and must return `length`
  /// values.
  public init(count: Int, length: Int, doubles row: @escaping (Int) throws -> [Double]) {
    self.init(count: count, length: length) { index, target in
      let values = try row(index)
      Self.check(values.count, of: target.count)
      for (place, value) in values.enumerated() { target[place] = value }
    }
  }

  /// Rows of single precision, tensors of any shape with `length` scalars.
  public init(count: Int, length: Int, tensors row: @escaping (Int) throws -> Tensor) {
    self.init(count: count, length: length) { index, target in
      let values = try row(index)
      Self.check(values.count, of: target.count)
      values.withScalars { values in
        for (place, value) in values.enumerated() { target[place] = Double(value) }
      }
    }
  }

  private init(
    count: Int, length: Int,
    write: @escaping (Int, UnsafeMutableBufferPointer<Double>) throws -> Void
  ) {
    precondition(count >= 0, "there cannot be \(count) directions")
    precondition(length >= 1, "a direction has 1 feature or more, got \(length)")
    self.count = count
    self.length = length
    self.write = write
  }

  private static func check(_ found: Int, of expected: Int) {
    precondition(found == expected, "a direction has \(expected) features, got \(found)")
  }

  /// Throws what the rows' source throws, and `DirectionsError.notFinite`.
  func read(_ index: Int, into target: UnsafeMutableBufferPointer<Double>) throws {
    try write(index, target)
    // Magnitudes are ordered like their bits, infinity and what is no number above all others.
    var largest: UInt64 = 0
    for value in target { largest = max(largest, value.magnitude.bitPattern) }
    guard largest < Double.infinity.bitPattern else {
      throw DirectionsError.notFinite(row: index)
    }
  }
}
