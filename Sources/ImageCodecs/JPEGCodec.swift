import CImageShims
public import Imaging

/// Writing of JPEG files.
public enum JPEGCodec {
  /// A baseline JPEG file; gray stays gray, alpha is blended over white.
  ///
  /// `quality` is 0...1, and values beyond are moved to the nearest end. Throws when a side is
  /// beyond what the format holds (65500).
  public static func encode(
    _ bitmap: Bitmap, quality: Double = 0.9
  ) throws(CodecError) -> [UInt8] {
    let percent = Int32(max(1, min(quality * 100, 100)).rounded())
    return try bitmap.opaque(.flatten).written(as: .jpeg) { picture, file in
      tm_jpeg_write(&picture, percent, &file)
    }
  }
}
