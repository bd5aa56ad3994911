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

  /// The pixels as stored, and whether damage was patched over. To be called once.
  borrowing func pixels() throws(CodecError) -> (bitmap: Bitmap, isDamaged: Bool) {
    var isDamaged = false
    let format = header.format
    let bitmap = try Bitmap(size: header.size, layout: header.layout) {
      (samples) throws(CodecError) in
      let status = tm_image_read(pointer, samples.baseAddress, samples.count, &isDamaged)
      guard status == TM_IMAGE_OK else { throw CodecError(status, format) }
    }
    return (bitmap, isDamaged)
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
