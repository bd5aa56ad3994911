public import Imaging

/// Why a picture cannot be read or written. Which file it is about, the caller adds.
public enum CodecError: Error, Sendable, Equatable {
  /// There are no bytes.
  case empty
  /// The bytes do not begin like a format that is read here; the name is that of a format which is
  /// known by sight only.
  case unrecognizedFormat(name: String?)
  /// The bytes end before the picture does.
  case truncated(ImageFormat)
  /// The bytes contradict their format.
  case corrupt(ImageFormat, reason: String)
  /// The header announces a picture beyond the limit.
  case limitExceeded(PixelSize, limit: DecodeLimit)
  /// The file uses a part of its format that is not read here.
  case unsupported(ImageFormat, reason: String)
  /// The picture or a text does not fit into the format that is to be written.
  case unencodable(ImageFormat, reason: String)
  /// Memory ran out inside the library of the format.
  case outOfMemory(ImageFormat)
}

extension CodecError: CustomStringConvertible {
  /// One sentence: what is wrong, and what can be done.
  public var description: String {
    switch self {
    case .empty:
      "the file is empty"
    case .unrecognizedFormat(let name?):
      "this is a \(name) file; convert it to PNG or JPEG"
    case .unrecognizedFormat(nil):
      "this is neither a PNG nor a JPEG file"
    case .truncated(let format):
      "the \(format.displayName) file ends before the picture is complete; copy or download it again"
    case .corrupt(let format, let reason):
      "the \(format.displayName) file is damaged (\(reason)); copy or export it again"
    case .limitExceeded(let size, let limit):
      """
      the picture has \(size) pixels, and the limit is \(limit.pixels) in all and \(limit.side) \
      to a side; shrink it or raise the limit
      """
    case .unsupported(let format, let reason):
      """
      this kind of \(format.displayName) file is not read (\(reason)); save it as an ordinary \
      8-bit one
      """
    case .unencodable(let format, let reason):
      "this cannot be written as \(format.displayName): \(reason)"
    case .outOfMemory(let format):
      "memory ran out while a \(format.displayName) file was read or written"
    }
  }
}

extension ImageFormat {
  fileprivate var displayName: String { rawValue.uppercased() }
}
