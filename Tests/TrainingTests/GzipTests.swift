import Foundation
import Networks
import Testing

@testable import Training

struct GzipTests {
  /// 4500 bytes as Python's gzip packs them, with a name in the header.
  static let packed: [UInt8] = Array(
    Data(
      base64Encoded: """
        H4sICAAAAAAC/3gA7dLJrpoAAIVhQDHOOBBwAFREooJRKSgYVKK5DA4EZVAvCi7aRfd9//Q26VO0nMX/ACcfAELpTLZQ \
        rqINojsYT8WVpp+9EMxVmzQnro1LCFfarLA53FIVklOMIF2nhd0VqjOS8ciTs32QI+d6iDArBya+HYDGzASawjFNyW5p \
        uI9bCxfhrQyzAzqbF6E+iXVEaWBfz3J2VXqQuwx3wVRo5GAbeBJQBqJA/K13wnYlBRZi7sF69KVjk2fiTNqU03MH9/Fr \
        lloWNNSivNF7Udy3riNwVTsy0bJ6YgEVd6cFkwG3RKjggYR6IupL2F1pRxoNW3zFV0jInNQ/Nbbkq0zRX7PIYz/BwbPc \
        R56m2Cs/DzKLptydQNcg72MxbBXj64fMd9Fs5JobcdzFy3AU2PpWnnODThNF8hkoDu/+1bFPB8s0/sy0Difbufr3MIYy \
        eQRtdgbcXN7qdhDBZbw7FjemG2XRLi9/XONia7j48KDa16luCmXlw7PcE80n0pfPID7ZPxB27RcZ1S+x2md9YkKk4ld4 \
        C6a1qK3cMclHRQ+VAlwJiS3ImIWpi6sAe6ouI+ZYW4Gja2tfXLxHHmWhWmGZmr3G94Hbc6i/n3YutMc+uFiAldIOO/Vu \
        PKQgBhVM4A3mjCAVu3CZHfmQqjaX1fugRkVr4qkSr00H2DEZi0fcRSveD0uuTKWPQhMwZw3g8I2AnRWDhPqczAX7GZl/ \
        GBJTh65fp9bTgaFwZCV1O2wEtl2Bw4uxFjm6Wc2BoXfWtZU4HQ+6RAOtlgvZTBoCgXf8tTeQME2YJkwTpgnThGnCNGH6 \
        vzP99fP7j26SJEmSJPmn8htbQeEElBEAAA==
        """, options: .ignoreUnknownCharacters) ?? Data())

  static let plain: [UInt8] =
    (0..<3000).map { UInt8(($0 * $0 / 7 + $0) % 97) }
    + Array(repeating: "tide ", count: 300)
    .joined().utf8

  @Test func `a packed file is unpacked`() throws {
    #expect(Gzip.isPacked(Self.packed))
    #expect(try Gzip.unpacked(Self.packed, limit: 1 << 20) == Self.plain)
    // Several members follow one another.
    #expect(
      try Gzip.unpacked(Self.packed + Self.packed, limit: 1 << 20) == Self.plain + Self.plain)
  }

  @Test func `bytes that are stored come out as they are`() throws {
    let content: [UInt8] = Array("ebb and flow".utf8)
    let count = UInt8(content.count)
    let checksum = CRC32.of(content)
    let file: [UInt8] =
      [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1, count, 0, ~count, 0xFF] + content
      + (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (8 * $0)) } + [count, 0, 0, 0]
    #expect(try Gzip.unpacked(file, limit: 100) == content)
    #expect(throws: LayerError("unpacks to more than 5 bytes")) {
      try Gzip.unpacked(file, limit: 5)
    }
  }

  @Test func `the checksum is that of gzip`() { #expect(CRC32.of("123456789".utf8) == 0xCBF4_3926) }

  @Test func `no prefix and no flipped bit is taken for a whole file`() {
    for count in stride(from: 0, to: Self.packed.count, by: 7) {
      #expect(throws: LayerError.self) {
        try Gzip.unpacked(Array(Self.packed[..<count]), limit: 1 << 20)
      }
    }
    for place in stride(from: 12, to: Self.packed.count, by: 11) {
      var bytes = Self.packed
      bytes[place] ^= 1 << UInt8(place % 8)
      let result = try? Gzip.unpacked(bytes, limit: 1 << 20)
      #expect(result == nil || result == Self.plain)
    }
  }
}
