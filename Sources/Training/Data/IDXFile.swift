import Networks

/// A file of MNIST's format: unsigned bytes in some dimensions, packed by gzip or not.
struct IDXFile: Sendable {
  let extents: [Int]
  /// The whole file, unpacked; values begin at `start`.
  let bytes: [UInt8]
  let start: Int

  /// The largest file that is read, unpacked.
  static let limit = 1 << 31

  /// Throws a sentence that names the file.
  init(_ path: String) throws(TrainingError) {
    do throws(LayerError) {
      let bytes = [UInt8](try RegularFile(path).contents(limit: Self.limit))
      try self.init(Gzip.isPacked(bytes) ? try Gzip.unpacked(bytes, limit: Self.limit) : bytes)
    } catch {
      throw TrainingError(.environment, "\(path): \(error.reason)")
    }
  }

  /// Throws unless the bytes are exactly what the header announces.
  init(_ bytes: [UInt8]) throws(LayerError) {
    guard bytes.count >= 4, bytes[0] == 0, bytes[1] == 0, (1...4).contains(bytes[3]) else {
      throw LayerError(
        "is no IDX file: it begins with \(bytes.prefix(4).map { String($0, radix: 16) })")
    }
    guard bytes[2] == 8 else {
      throw LayerError("holds values of type \(bytes[2]); only unsigned bytes (8) can be read")
    }
    let start = 4 + 4 * Int(bytes[3])
    guard bytes.count >= start else { throw LayerError("is cut off within its header") }
    let extents = (0..<Int(bytes[3])).map { dimension in
      bytes[4 + 4 * dimension..<8 + 4 * dimension].reduce(0) { $0 << 8 | Int($1) }
    }
    // Four extents below 2³² could overflow together.
    var count = 1
    for extent in extents {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      count = overflow ? .max : product
    }
    guard count == bytes.count - start else {
      throw LayerError(
        "announces \(extents.map(String.init).joined(separator: "x")) values, but holds "
          + "\(bytes.count - start) bytes of them; is the file complete?")
    }
    self.extents = extents
    self.bytes = bytes
    self.start = start
  }
}
