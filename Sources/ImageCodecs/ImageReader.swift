import CImageShims
import Imaging

/// A file that is being read: header first, then the pixels.
struct ImageReader: ~Copyable {
  let header: ImageHeader
  private let pointer: OpaquePointer

  /// Reads the header; nothing that grows with the picture is allocated.
  ///
  /// `buffer` holds the same bytes as `bytes` and must outlive the reader.
  private init(_ buffer: UnsafeBufferPointer<UInt8>, of bytes: [UInt8]) throws(CodecError) {
    guard !bytes.isEmpty else { throw .empty }
    guard let format = ImageFormat(signatureOf: bytes) else {
      throw .unrecognizedFormat(name: ForeignFormat.name(of: bytes))
    }
    var pointer: OpaquePointer?
    var found = tm_image_header()
    let status =
      switch format {
      case .png: tm_png_open(buffer.baseAddress, buffer.count, &pointer, &found)
      case .jpeg: tm_jpeg_open(buffer.baseAddress, buffer.count, &pointer, &found)
      }
    guard let pointer else { throw CodecError(status, format) }
    self.pointer = pointer
    header = ImageHeader(found, format, bytes)
  }

  deinit { tm_image_close(pointer) }

  /// Opens a file for the time of the call.
  static func read<R>(
    _ bytes: [UInt8], _ body: (borrowing ImageReader) throws(CodecError) -> R
  ) throws(CodecError) -> R {
    try bytes.withUnsafeBufferPointer { (buffer) throws(CodecError) in
      try body(ImageReader(buffer, of: bytes))
    }
  }

  /// The pixels as stored, or a JPEG's at a fraction of its size, and what was wrong with them. To be
  /// called once.
  ///
  /// - Parameter divisor: 1, and for a JPEG also 2, 4 or 8.
  borrowing func pixels(
    dividedBy divisor: Int = 1, allowingTruncation: Bool
  ) throws(CodecError) -> (bitmap: Bitmap, isDamaged: Bool, isTruncated: Bool) {
    var flaws = tm_image_flaws()
    let format = header.format
    var size = header.size
    if divisor > 1 {
      var reduced = tm_image_header()
      let status = tm_image_reduce(pointer, UInt32(divisor), &reduced)
      guard status == TM_IMAGE_OK else { throw CodecError(status, format) }
      size = PixelSize(width: Int(reduced.width), height: Int(reduced.height))
    }
    let bitmap = try Bitmap(size: size, layout: header.layout) {
      (samples) throws(CodecError) in
      let status = tm_image_read(
        pointer, samples.baseAddress, samples.count, allowingTruncation, &flaws)
      guard status == TM_IMAGE_OK else { throw CodecError(status, format) }
    }
    return (bitmap, flaws.is_damaged, flaws.is_truncated)
  }
}

extension ImageHeader {
  fileprivate init(_ found: tm_image_header, _ format: ImageFormat, _ bytes: [UInt8]) {
    let exif: ArraySlice<UInt8>?
    switch format {
    case .png:
      let metadata = PNGMetadata(bytes)
      exif = metadata.exif
      hasColorProfile = metadata.hasColorProfile
      hasUnusualGamma = metadata.hasUnusualGamma
      isAnimated = metadata.isAnimated
    case .jpeg:
      let metadata = JPEGMetadata(bytes)
      exif = metadata.exif
      hasColorProfile = metadata.hasColorProfile
      hasUnusualGamma = false
      isAnimated = false
    }
    self.format = format
    size = PixelSize(width: Int(found.width), height: Int(found.height))
    layout = ChannelLayout.allCases[Int(found.channels) - 1]
    bitDepth = Int(found.bit_depth)
    isProgressive = found.is_progressive
    isCMYK = found.is_cmyk
    orientation = exif.flatMap { Orientation(exif: $0) } ?? .upright
  }
}

extension CodecError {
  /// The failure that the calling thread's last call into C has left.
  init(_ status: tm_image_status, _ format: ImageFormat) {
    let reason = String(cString: tm_image_message())
    switch status {
    case TM_IMAGE_TRUNCATED: self = .truncated(format)
    case TM_IMAGE_UNSUPPORTED: self = .unsupported(format, reason: reason)
    case TM_IMAGE_OUT_OF_MEMORY: self = .outOfMemory(format)
    default: self = .corrupt(format, reason: reason)
    }
  }
}
