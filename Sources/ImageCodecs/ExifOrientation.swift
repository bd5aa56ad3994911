import Imaging

extension Orientation {
  /// The orientation in an EXIF block (a TIFF header and its first directory).
  ///
  /// Nil without a well-formed entry of value 1...8: a picture is not refused for its metadata.
  init?(exif: ArraySlice<UInt8>) {
    let littleEndian: Bool
    switch exif.number(at: 0, bytes: 2) {
    case 0x4949: littleEndian = true
    case 0x4D4D: littleEndian = false
    default: return nil
    }
    func number(at offset: Int, bytes: Int) -> Int? {
      exif.number(at: offset, bytes: bytes, littleEndian: littleEndian)
    }
    guard number(at: 2, bytes: 2) == 42, let directory = number(at: 4, bytes: 4),
      let count = number(at: directory, bytes: 2)
    else { return nil }
    for index in 0..<count {
      let entry = directory + 2 + 12 * index
      guard let tag = number(at: entry, bytes: 2) else { return nil }
      guard tag == 0x0112 else { continue }
      // Type 3 is a 16-bit number, kept at the start of the entry's four bytes of value.
      guard number(at: entry + 2, bytes: 2) == 3, let value = number(at: entry + 8, bytes: 2) else {
        return nil
      }
      self.init(rawValue: value)
      return
    }
    return nil
  }
}
