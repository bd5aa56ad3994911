import Networks

/// Files packed by gzip (RFC 1952, RFC 1951).
enum Gzip {
  /// Whether bytes begin as a packed file does.
  static func isPacked(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

  /// What a file holds, all its members behind one another. Throws a sentence for bytes that are no
  /// such file, are cut off or damaged, or unpack to more than `limit` bytes.
  static func unpacked(_ bytes: [UInt8], limit: Int) throws(LayerError) -> [UInt8] {
    var reader = BitReader(bytes: bytes)
    var output: [UInt8] = []
    repeat {
      try skipHeader(&reader)
      let start = output.count
      try Inflation.inflate(&reader, into: &output, limit: limit)
      reader.alignToByte()
      let (checksum, count) = (try reader.word(), try reader.word())
      guard checksum == CRC32.of(output[start...]),
        count == UInt32(truncatingIfNeeded: output.count - start)
      else { throw LayerError("is damaged: its checksum does not fit its contents") }
    } while reader.position < bytes.count
    return output
  }

  private static func skipHeader(_ reader: inout BitReader) throws(LayerError) {
    let fixed = try reader.bytes(10)
    guard fixed[0] == 0x1F, fixed[1] == 0x8B, fixed[2] == 8 else {
      throw LayerError("is not a file packed by gzip")
    }
    let flags = fixed[3]
    if flags & 4 != 0 {
      let size = try reader.bytes(2)
      _ = try reader.bytes(Int(size[0]) | Int(size[1]) << 8)
    }
    // Name and comment end with a zero.
    for flag: UInt8 in [8, 16] where flags & flag != 0 {
      while try reader.bytes(1) != [0] {}
    }
    if flags & 2 != 0 { _ = try reader.bytes(2) }
  }
}

/// Bytes read bit by bit, the lowest first.
private struct BitReader {
  let bytes: [UInt8]
  private(set) var position = 0
  private var held: UInt64 = 0
  private var heldCount = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  static let cutOff = LayerError("is cut off")

  /// The next bits without taking them, zeros beyond the end; at most 32.
  @inline(__always)
  mutating func peek(_ count: Int) -> Int {
    while heldCount < count {
      let byte = position < bytes.count ? bytes[position] : 0
      position += 1
      held |= UInt64(byte) << UInt64(heldCount)
      heldCount += 8
    }
    return Int(held & (1 << UInt64(count) - 1))
  }

  /// Takes bits that were peeked at. Throws where the file had fewer.
  @inline(__always)
  mutating func take(_ count: Int) throws(LayerError) {
    held >>= UInt64(count)
    heldCount -= count
    if position - heldCount / 8 > bytes.count { throw Self.cutOff }
  }

  @inline(__always)
  mutating func bits(_ count: Int) throws(LayerError) -> Int {
    let value = peek(count)
    try take(count)
    return value
  }

  /// Drops the rest of a byte and what was held beyond it.
  mutating func alignToByte() {
    position -= heldCount / 8
    held = 0
    heldCount = 0
  }

  /// Whole bytes, from where `alignToByte` or the beginning left the reader.
  mutating func bytes(_ count: Int) throws(LayerError) -> ArraySlice<UInt8> {
    guard count <= bytes.count - position else { throw Self.cutOff }
    position += count
    let slice = bytes[position - count..<position]
    return ArraySlice(Array(slice))
  }

  mutating func word() throws(LayerError) -> UInt32 {
    try bytes(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
  }
}

/// The blocks of RFC 1951.
private enum Inflation {
  static func inflate(
    _ reader: inout BitReader, into output: inout [UInt8], limit: Int
  ) throws(LayerError) {
    var isLast = false
    while !isLast {
      isLast = try reader.bits(1) == 1
      switch try reader.bits(2) {
      case 0: try copy(&reader, into: &output, limit: limit)
      case 1: try decode(&reader, fixedLiterals, fixedDistances, into: &output, limit: limit)
      case 2:
        let (literals, distances) = try codes(&reader)
        try decode(&reader, literals, distances, into: &output, limit: limit)
      default: throw damaged
      }
    }
  }

  private static let damaged = LayerError("is damaged: it holds an impossible code")

  private static func check(_ count: Int, _ limit: Int) throws(LayerError) {
    guard count <= limit else { throw LayerError("unpacks to more than \(limit) bytes") }
  }

  private static func copy(
    _ reader: inout BitReader, into output: inout [UInt8], limit: Int
  ) throws(LayerError) {
    reader.alignToByte()
    let sizes = Array(try reader.bytes(4))
    let count = Int(sizes[0]) | Int(sizes[1]) << 8
    guard sizes[0] == ~sizes[2], sizes[1] == ~sizes[3] else { throw damaged }
    try check(output.count + count, limit)
    output += try reader.bytes(count)
  }

  private static func decode(
    _ reader: inout BitReader, _ literals: PrefixCode, _ distances: PrefixCode,
    into output: inout [UInt8], limit: Int
  ) throws(LayerError) {
    while true {
      let symbol = try literals.symbol(&reader)
      if symbol < 256 {
        try check(output.count + 1, limit)
        output.append(UInt8(symbol))
        continue
      }
      if symbol == 256 { return }
      guard symbol < 286 else { throw damaged }
      let length = lengthBases[symbol - 257] + (try reader.bits(lengthExtras[symbol - 257]))
      let code = try distances.symbol(&reader)
      guard code < 30 else { throw damaged }
      let distance = distanceBases[code] + (try reader.bits(distanceExtras[code]))
      guard distance <= output.count else { throw damaged }
      try check(output.count + length, limit)
      // Source and target may overlap: what was just written is read again.
      for _ in 0..<length { output.append(output[output.count - distance]) }
    }
  }

  /// The codes that a block brings along.
  private static func codes(
    _ reader: inout BitReader
  ) throws(LayerError) -> (PrefixCode, PrefixCode) {
    let literalCount = 257 + (try reader.bits(5))
    let distanceCount = 1 + (try reader.bits(5))
    let lengthCount = 4 + (try reader.bits(4))
    var order = [UInt8](repeating: 0, count: 19)
    for index in 0..<lengthCount { order[lengthOrder[index]] = UInt8(try reader.bits(3)) }
    let lengths = try PrefixCode(order)
    var all: [UInt8] = []
    while all.count < literalCount + distanceCount {
      let symbol = try lengths.symbol(&reader)
      switch symbol {
      case 0..<16: all.append(UInt8(symbol))
      case 16:
        guard let last = all.last else { throw damaged }
        all += Array(repeating: last, count: 3 + (try reader.bits(2)))
      case 17: all += Array(repeating: 0, count: 3 + (try reader.bits(3)))
      default: all += Array(repeating: 0, count: 11 + (try reader.bits(7)))
      }
    }
    guard all.count == literalCount + distanceCount else { throw damaged }
    return (
      try PrefixCode(Array(all[..<literalCount])), try PrefixCode(Array(all[literalCount...]))
    )
  }

  private static let lengthOrder = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
  ]
  private static let lengthBases = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
    163, 195, 227, 258,
  ]
  private static let lengthExtras = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
  ]
  private static let distanceBases = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537,
    2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
  ]
  private static let distanceExtras = [
    0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13,
    13,
  ]

  private static let fixedLiterals = PrefixCode(
    complete: (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })
  private static let fixedDistances = PrefixCode(complete: Array(repeating: 5, count: 32))
}

/// A prefix code as a table over the longest code word.
private struct PrefixCode: Sendable {
  private static let longest = 15
  /// Symbol · 16 + length for the next 15 bits, or 0 where no word begins so.
  private let table: [UInt16]

  /// Throws for lengths that no prefix code has. A code of one word or none is possible.
  init(_ lengths: [UInt8]) throws(LayerError) {
    let room = lengths.reduce(0) { $0 + ($1 == 0 ? 0 : 1 << (Self.longest - Int($1))) }
    guard room <= 1 << Self.longest else {
      throw LayerError("is damaged: it holds an impossible code")
    }
    self.init(complete: lengths)
  }

  /// For lengths that fit one code.
  init(complete lengths: [UInt8]) {
    var table = [UInt16](repeating: 0, count: 1 << Self.longest)
    var word = 0
    for length in 1...Self.longest {
      for symbol in lengths.indices where Int(lengths[symbol]) == length {
        // Words come with their first bit lowest.
        var start = 0
        for bit in 0..<length where word >> bit & 1 == 1 { start |= 1 << (length - 1 - bit) }
        for index in stride(from: start, to: table.count, by: 1 << length) {
          table[index] = UInt16(symbol << 4 | length)
        }
        word += 1
      }
      word <<= 1
    }
    self.table = table
  }

  @inline(__always)
  func symbol(_ reader: inout BitReader) throws(LayerError) -> Int {
    let entry = Int(table[reader.peek(Self.longest)])
    guard entry != 0 else { throw LayerError("is damaged: it holds an impossible code") }
    try reader.take(entry & 15)
    return entry >> 4
  }
}

/// The checksum of gzip and PNG.
enum CRC32 {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in
      value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1
    }
  }

  static func of(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~0) { $0 >> 8 ^ table[Int(($0 ^ UInt32($1)) & 0xFF)] }
  }
}
