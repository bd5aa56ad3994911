/// Extents of a dense array, outermost first. Images are `[N, C, H, W]`; a scalar has no extents.
public struct Shape: Sendable, Hashable, Codable, ExpressibleByArrayLiteral,
  CustomStringConvertible
{
  public let extents: [Int]

  /// Number of elements; 1 for a scalar.
  public let count: Int

  /// Traps on a negative extent or when the product overflows. Use `init(validating:)` for extents
  /// that come from outside.
  public init(_ extents: [Int]) {
    guard let shape = Shape(validating: extents) else {
      preconditionFailure("\(extents) is not a shape: extents must be 0 or more and fit in Int")
    }
    self = shape
  }

  public init(arrayLiteral elements: Int...) { self.init(elements) }

  /// Nil when an extent is negative or the product of all that are not 0 exceeds `limit`: what has no
  /// elements has strides all the same.
  public init?(validating extents: [Int], limit: Int = .max / 16) {
    var product = 1
    for extent in extents {
      guard extent >= 0 else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: max(extent, 1))
      guard !overflow, next <= limit else { return nil }
      product = next
    }
    self.extents = extents
    self.count = extents.contains(0) ? 0 : product
  }

  /// Number of dimensions.
  public var rank: Int { extents.count }

  /// Traps outside `0..<rank`; negative indices count from the end.
  public subscript(axis: Int) -> Int { extents[axis < 0 ? axis + rank : axis] }

  /// Elements between neighbours along each axis of a row-major array.
  public var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * extents[axis + 1]
    }
    return strides
  }

  /// The shape without its leading extent: one item of a batch.
  public var item: Shape { Shape(Array(extents.dropFirst())) }

  /// The shape with another leading extent.
  public func batched(_ batch: Int) -> Shape { Shape([batch] + extents.dropFirst()) }

  /// The shape that NumPy's rules give when both are broadcast together, or nil where they do not fit.
  public func broadcast(with other: Shape) -> Shape? {
    let rank = max(rank, other.rank)
    var result = [Int](repeating: 1, count: rank)
    for axis in 0..<rank {
      let a = extent(fromEnd: rank - axis)
      let b = other.extent(fromEnd: rank - axis)
      guard a == b || a == 1 || b == 1 else { return nil }
      result[axis] = a == 1 ? b : a
    }
    return Shape(validating: result)
  }

  /// The shape with ones put in front until it has `rank` extents.
  public func padded(toRank rank: Int) -> Shape {
    Shape([Int](repeating: 1, count: max(0, rank - self.rank)) + extents)
  }

  private func extent(fromEnd position: Int) -> Int {
    position > rank ? 1 : extents[rank - position]
  }

  /// `[1, 3, 224, 224]`.
  public var description: String { "[\(extents.map(String.init).joined(separator: ", "))]" }

  public init(from decoder: any Decoder) throws {
    let extents = try [Int](from: decoder)
    guard let shape = Shape(validating: extents) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "\(extents) is not a shape"))
    }
    self = shape
  }

  public func encode(to encoder: any Encoder) throws { try extents.encode(to: encoder) }
}
