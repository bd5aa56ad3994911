extension ArraySlice<UInt8> {
  /// The bytes from an offset on, nil unless all of them are there.
  func slice(at offset: Int, count: Int) -> ArraySlice? {
    guard offset >= 0, count >= 0, offset <= self.count, count <= self.count - offset else {
      return nil
    }
    let start = startIndex + offset
    return self[start..<start + count]
  }

  /// An unsigned number of 1 to 4 bytes, nil unless all of them are there.
  func number(at offset: Int, bytes: Int, littleEndian: Bool = false) -> Int? {
    guard let digits = slice(at: offset, count: bytes) else { return nil }
    return littleEndian
      ? digits.reversed().reduce(0) { $0 << 8 | Int($1) }
      : digits.reduce(0) { $0 << 8 | Int($1) }
  }
}
