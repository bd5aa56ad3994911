/// Width and height in pixels, both at least 1.
public struct PixelSize: Sendable, Hashable, Codable, CustomStringConvertible {
  public let width: Int
  public let height: Int

  /// Traps unless both sides are at least 1.
  public init(width: Int, height: Int) {
    precondition(
      width >= 1 && height >= 1, "a size needs sides of 1 or more, got \(width)x\(height)")
    self.width = width
    self.height = height
  }

  /// A square.
  public init(side: Int) { self.init(width: side, height: side) }

  /// Number of pixels.
  public var area: Int { width * height }

  /// The rectangle at the origin that has this size.
  public var bounds: PixelRect { PixelRect(x: 0, y: 0, width: width, height: height) }

  /// `640x480`.
  public var description: String { "\(width)x\(height)" }
}

/// A rectangle of whole pixels, origin at the top left. It may lie partly outside a picture
/// (a letterboxed input does).
public struct PixelRect: Sendable, Hashable, Codable, CustomStringConvertible {
  public let x: Int
  public let y: Int
  public let width: Int
  public let height: Int

  /// Traps unless both sides are at least 1.
  public init(x: Int, y: Int, width: Int, height: Int) {
    precondition(
      width >= 1 && height >= 1, "a rectangle needs sides of 1 or more, got \(width)x\(height)")
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  public var size: PixelSize { PixelSize(width: width, height: height) }
  public var maxX: Int { x + width }
  public var maxY: Int { y + height }

  /// `10,20 640x480`.
  public var description: String { "\(x),\(y) \(width)x\(height)" }

  /// The part that both cover, or nil where they do not meet.
  public func intersection(_ other: PixelRect) -> PixelRect? {
    let left = max(x, other.x)
    let top = max(y, other.y)
    let right = min(maxX, other.maxX)
    let bottom = min(maxY, other.maxY)
    guard left < right, top < bottom else { return nil }
    return PixelRect(x: left, y: top, width: right - left, height: bottom - top)
  }
}
