import Foundation
import ImageCodecs
import Imaging
import TestSupport
import Testing

/// Files from the test suites of other libraries, and what Pillow makes of them.
@Suite(.enabled(if: Conformance.exists))
struct ConformanceTests {
  @Test func `all files are listed`() throws {
    #expect(Conformance.all.count > 290)
  }

  @Test(arguments: Conformance.all)
  func `a file is read as Pillow reads it, or refused`(_ file: ConformanceFile) throws {
    let bytes = try file.bytes
    let result: Result<DecodedImage, CodecError>
    do throws(CodecError) {
      result = .success(try ImageCodecs.decode(bytes, orientation: .ignore))
    } catch {
      result = .failure(error)
    }
    if let accepts = file.deviation?.accepts {
      #expect(accepts == ((try? result.get()) != nil))
      return
    }
    guard let expected = file.expected else {
      #expect(throws: CodecError.self) { _ = try result.get() }
      return
    }
    let image = try result.get()
    #expect(image.bitmap.size == expected.size)
    #expect(image.header.orientation == expected.orientation)
    guard file.deviation == nil else { return }
    if let reference = expected.hash {
      #expect(hash(image.bitmap) == reference)
    } else {
      // Versions of libjpeg differ in colour sampling by less than this on average.
      for (mean, reference) in zip(means(image.bitmap), expected.means) {
        #expect(abs(mean - reference) < 0.3)
      }
    }
  }

  /// The hash of the RGBA samples.
  private func hash(_ bitmap: Bitmap) -> UInt64 {
    let (hasAlpha, step) = (bitmap.layout.hasAlpha, bitmap.layout.opaque == .gray ? 0 : 1)
    let channels = bitmap.channels
    return bitmap.withSamples { samples in
      var hash = FirstHashBytes()
      for start in stride(from: 0, to: samples.count, by: channels) {
        for channel in 0..<3 { hash.append(samples[start + channel * step]) }
        hash.append(hasAlpha ? samples[start + channels - 1] : 255)
      }
      return hash.finish()
    }
  }

  /// Means of red, green and blue.
  private func means(_ bitmap: Bitmap) -> [Double] {
    let (channels, step) = (bitmap.channels, bitmap.layout.opaque == .gray ? 0 : 1)
    return bitmap.withSamples { samples in
      (0..<3).map { channel in
        // Plain counting: this runs over millions of samples, mostly without optimisation.
        var (sum, index) = (0, channel * step)
        while index < samples.count {
          sum &+= Int(samples[index])
          index &+= channels
        }
        return Double(sum) / Double(bitmap.size.area)
      }
    }
  }

  @Test(arguments: Conformance.all.filter { $0.name.hasPrefix("jpeg-reftest/") && $0.isJPEG })
  func `a JPEG has the pixels of the PNG beside it`(_ file: ConformanceFile) throws {
    let reference = try ImageCodecs.decode(file.bytes(of: file.name.dropLast(3) + "png")).bitmap
    let found = try ImageCodecs.decode(file.bytes).bitmap
    #expect(found.size == reference.size)
    // The accurate transform of another library rounds elsewhere.
    #expect(largestDifference(found.colored.samples, reference.colored.samples) <= 2)
  }

  @Test func `eight orientations show one picture`() throws {
    let tiles = try Conformance.all.filter { $0.name.hasPrefix("exif-orientation/") }.map { file in
      let bitmap = try ImageCodecs.decode(file.bytes).bitmap
      #expect(bitmap.size == PixelSize(width: 1800, height: 1200))
      return (0..<24).map { tileMean(bitmap, x: $0 % 6 * 300, y: $0 / 6 * 300) }
    }
    #expect(tiles.count == 8)
    for (index, tile) in tiles[0].enumerated() {
      // The files were compressed one by one, so they differ a little; other tiles differ by tens.
      for other in tiles { #expect(abs(other[index] - tile) < 3) }
    }
  }

  /// Mean green of every tenth pixel of a tile of 300.
  private func tileMean(_ bitmap: Bitmap, x: Int, y: Int) -> Double {
    var sum = 0
    for row in 0..<30 {
      for column in 0..<30 { sum += Int(bitmap[x + 10 * column, y + 10 * row, 1]) }
    }
    return Double(sum) / 900
  }
}

/// A line of the list of files.
struct ConformanceFile: CustomTestStringConvertible {
  struct Expected {
    let size: PixelSize
    let orientation: Orientation
    let means: [Double]
    /// The first eight bytes of the SHA-256 of the RGBA samples.
    let hash: UInt64?
  }

  /// Where we mean to differ from Pillow.
  enum Deviation {
    /// Read here, refused there: metadata that do not matter for the pixels, and once damage that
    /// libjpeg patches over behind a header that Pillow does not parse.
    case readHere
    /// Refused here, read there: wrong checksums of pixels, a chunk beyond the end, other formats.
    case refusedHere
    /// Other pixels: Pillow cuts 16-bit gray at 255, and compares a transparent gray of fewer than 8
    /// bits with the widened samples.
    case otherPixels

    var accepts: Bool? {
      switch self {
      case .readHere: true
      case .refusedHere: false
      case .otherPixels: nil
      }
    }
  }

  let name: String
  let expected: Expected?
  let deviation: Deviation?

  var testDescription: String { name }
  var isJPEG: Bool { name.hasSuffix("jpg") }
  var bytes: [UInt8] { get throws { try bytes(of: name) } }

  func bytes(of name: some StringProtocol) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: SharedFolder.file("conformance/images/\(name)")))
  }

  init?(line: Substring) {
    let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard fields.count == 12 else { return nil }
    name = fields[0]
    if fields[2] == "ok", let width = Int(fields[4]), let height = Int(fields[5]) {
      expected = Expected(
        size: PixelSize(width: width, height: height),
        orientation: Int(fields[7]).flatMap(Orientation.init) ?? .upright,
        means: fields[8...10].compactMap(Double.init),
        hash: UInt64(fields[11].prefix(16), radix: 16))
    } else {
      expected = nil
    }
    deviation = Self.deviations[name] ?? (fields[6] == "I;16" ? .otherPixels : nil)
  }

  private static let deviations: [String: Deviation] = [
    "corrupt-jpeg/a7326ba8f3f4559991126474dd30083d.jpg": .readHere,
    "png-extra/cicp_pq.png": .readHere,
    "png-extra/issue_430.png": .readHere,
    "corrupt-png/badcrc.png": .refusedHere,
    "corrupt-png/huge_IDAT.png": .refusedHere,
    "jpeg-turbo/testorig.ppm": .refusedHere,
    "pngsuite/xcsn0g01.png": .refusedHere,
    "pngsuite/tbbn0g04.png": .otherPixels,
  ]
}

enum Conformance {
  static let exists = SharedFolder.exists && !all.isEmpty

  static let all: [ConformanceFile] = {
    let url = SharedFolder.file("conformance/images/expected.csv")
    guard let data = try? Data(contentsOf: url) else { return [] }
    let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
    return lines.dropFirst().compactMap { ConformanceFile(line: $0) }
  }()
}
