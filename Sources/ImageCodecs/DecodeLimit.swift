public import Imaging

/// The largest picture that is decoded.
///
/// It is compared with the header before anything is allocated for pixels, as a file of a few
/// hundred bytes can announce a picture of gigabytes.
public struct DecodeLimit: Sendable, Hashable, Codable {
  /// Largest number of pixels.
  public var pixels: Int
  /// Largest width and largest height, in pixels.
  public var side: Int

  /// A limit of so many pixels in all, and so many to a side.
  public init(pixels: Int = 100_000_000, side: Int = 65_535) {
    self.pixels = pixels
    self.side = side
  }

  /// 100 megapixels, 65535 to a side.
  public static let standard = DecodeLimit()

  /// Throws `limitExceeded` for a picture that is not decoded.
  public func check(_ size: PixelSize) throws(CodecError) {
    guard allows(size) else { throw .limitExceeded(size, limit: self) }
  }

  /// Whether a picture of this size is decoded.
  public func allows(_ size: PixelSize) -> Bool {
    // Sides come from 32-bit fields: the area cannot overflow.
    size.width <= side && size.height <= side && size.area <= pixels
  }
}
