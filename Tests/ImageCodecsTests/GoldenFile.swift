import Foundation
import ImageCodecs
import Imaging
import Testing

/// A line of Golden/expected.csv.
struct GoldenFile: CustomTestStringConvertible {
  let name: String
  let size: PixelSize
  let layout: ChannelLayout
  let bitDepth: Int
  let isProgressive: Bool
  let orientation: Orientation
  let notes: [DecodeNote]
  let tolerance: Int

  var testDescription: String { name }
  var bytes: [UInt8] { get throws { try Self.read(name) } }
  var pixels: [UInt8] { get throws { try Self.read(String(name.dropLast(3)) + "raw") } }

  private init(line: Substring) throws {
    let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let numbers = fields.map { Int($0) ?? 0 }
    name = fields[0]
    size = PixelSize(width: numbers[1], height: numbers[2])
    layout = try #require(ChannelLayout(rawValue: fields[3]))
    bitDepth = numbers[4]
    isProgressive = numbers[5] == 1
    orientation = try #require(Orientation(rawValue: numbers[6]))
    notes = try fields[7].split(separator: "+").map {
      try #require(DecodeNote(rawValue: String($0)))
    }
    tolerance = numbers[8]
  }

  static func read(_ name: String) throws -> [UInt8] {
    let folder = try #require(Bundle.module.url(forResource: "Golden", withExtension: nil))
    return [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
  }

  /// All of them; empty, and then failing a test of its own, if the list cannot be read.
  static let all: [GoldenFile] = {
    let list = (try? read("expected.csv")).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return list.split(separator: "\n").dropFirst().compactMap { try? GoldenFile(line: $0) }
  }()
}

/// Largest difference between two equally long rows of samples.
func largestDifference(_ a: [UInt8], _ b: [UInt8]) -> Int {
  zip(a, b).reduce(0) { max($0, abs(Int($1.0) - Int($1.1))) }
}

/// A PNG chunk with its checksum.
func pngChunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
  let body = Array(type.utf8) + content
  return bigEndian(content.count) + body + bigEndian(Int(checksum(body)))
}

/// The four bytes of a number.
func bigEndian(_ number: Int) -> [UInt8] {
  (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
}

/// The CRC that PNG uses.
func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
  ~bytes.reduce(~0) { crcTable[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
}

private let crcTable: [UInt32] = (0..<256).map { index in
  (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1
  }
}
