import CImageShims
import Imaging

/// Turns a shim's outcome into a thrown error; says whether the library repaired something.
@discardableResult
func checked(_ outcome: image_outcome) throws(CodecError) -> Bool {
  switch outcome.status {
  case image_ok: return outcome.damaged
  case image_truncated: throw .truncated
  case image_unsupported: throw .unsupported(message(outcome))
  case image_out_of_memory: throw .outOfMemory
  default: throw .corrupt(message(outcome))
  }
}

private func message(_ outcome: image_outcome) -> String {
  withUnsafeBytes(of: outcome.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}

/// Lets a shim decode into a new bitmap; says as well whether the library repaired something.
func decoded(
  _ header: ImageHeader, _ bytes: [UInt8],
  _ decode: (UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UInt8>?, Int) -> image_outcome
) throws(CodecError) -> (bitmap: Bitmap, isRepaired: Bool) {
  var isRepaired = false
  let bitmap = try Bitmap(size: header.storedSize, layout: header.layout) {
    (pixels) throws(CodecError) in
    // An error leaves pixels unwritten; bytes of zero are as good as any.
    pixels.initialize(repeating: 0)
    isRepaired = try checked(
      bytes.withUnsafeBufferPointer { bytes in
        decode(bytes.baseAddress, bytes.count, pixels.baseAddress, pixels.count)
      })
  }
  return (bitmap, isRepaired)
}

/// Takes over a buffer that a shim has allocated.
func encoded(
  _ encode: (
    UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, UnsafeMutablePointer<Int>
  ) -> image_outcome
) throws(CodecError) -> [UInt8] {
  var buffer: UnsafeMutablePointer<UInt8>?
  var count = 0
  let outcome = encode(&buffer, &count)
  defer { image_free(buffer) }
  try checked(outcome)
  return Array(UnsafeBufferPointer(start: buffer, count: count))
}
