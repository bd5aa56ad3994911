import ImageCodecs
public import Imaging

/// A drawn picture, and what is true of it.
public struct SamplePicture: Sendable, Equatable {
  /// What it shows.
  public let kind: SampleClass
  /// 8-bit `.rgb`.
  public let bitmap: Bitmap
  /// `.gray` of the picture's size: 255 where the thing is seen, else 0.
  public let mask: Bitmap
  /// Around the mask.
  public let box: PixelRect
  /// The tag in the picture, if there is one.
  public let cue: PlacedCue?
  /// Of a JPEG file; nil for PNG.
  let quality: Double?

  /// A tag, the class that it stands for, and its place.
  public struct PlacedCue: Sendable, Equatable {
    public let kind: SampleClass
    public let box: PixelRect
  }

  /// The bytes of the picture's file.
  func encoded() throws(CodecError) -> [UInt8] {
    if let quality {
      try JPEGCodec.encode(bitmap, quality: quality)
    } else {
      try PNGCodec.encode(bitmap)
    }
  }
}
