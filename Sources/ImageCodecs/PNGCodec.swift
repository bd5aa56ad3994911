import CImageShims
public import Imaging

/// Writing of PNG files.
public enum PNGCodec {
  /// A PNG file of 8 bits per sample in the bitmap's layout.
  ///
  /// Compression settings are fixed: equal bitmaps and texts give equal bytes (with the same
  /// libpng and zlib). Texts become iTXt chunks before the pixels, where
  /// `ImageCodecs.textEntries(of:)` finds them.
  ///
  /// Throws when a keyword or text does not fit into PNG.
  public static func encode(
    _ bitmap: Bitmap, text: [(keyword: String, text: String)] = []
  ) throws(CodecError) -> [UInt8] {
    for (keyword, text) in text {
      if let flaw = PNGText.flaw(keyword: keyword, text: text) {
        throw .unencodable(.png, reason: flaw)
      }
    }
    // The strings lie in one array, one after another, and are found again by their offsets.
    var characters: [CChar] = []
    let offsets = text.map { entry in
      let keyword = characters.count
      characters += entry.keyword.utf8CString
      let text = characters.count
      characters += entry.text.utf8CString
      return (keyword: keyword, text: text)
    }
    return try characters.withUnsafeBufferPointer { (characters) throws(CodecError) in
      let texts = offsets.map { offset in
        tm_png_text(
          keyword: characters.baseAddress.map { $0 + offset.keyword },
          text: characters.baseAddress.map { $0 + offset.text })
      }
      return try bitmap.written(as: .png) { picture, file in
        tm_png_write(&picture, texts, texts.count, &file)
      }
    }
  }
}

extension Bitmap {
  /// The bytes of the file that a C writer makes of the pixels.
  func written(
    as format: ImageFormat,
    by write: (inout tm_image_picture, inout tm_image_file) -> tm_image_status
  ) throws(CodecError) -> [UInt8] {
    guard let width = UInt32(exactly: width), let height = UInt32(exactly: height) else {
      throw .unencodable(format, reason: "\(size) is too large")
    }
    return try withSamples { (samples) throws(CodecError) in
      var picture = tm_image_picture(
        pixels: samples.baseAddress, width: width, height: height, channels: UInt8(channels))
      var file = tm_image_file()
      defer { tm_image_free(&file) }
      let status = write(&picture, &file)
      guard status == TM_IMAGE_OK else {
        let error = CodecError(status, format)
        switch error {
        case .outOfMemory: throw error
        default: throw .unencodable(format, reason: String(cString: tm_image_message()))
        }
      }
      return Array(UnsafeBufferPointer(start: file.bytes, count: file.count))
    }
  }
}
