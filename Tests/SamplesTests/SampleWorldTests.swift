import Foundation
import Imaging
import Testing

@testable import Samples

struct SampleWorldTests {
  private static let world = SampleWorld(seed: 11, side: 48)
  private static let pictures = (0..<120).map { world.picture($0) }

  @Test func `a picture depends on seed, index and side only`() {
    let again = SampleWorld(seed: 11, side: 48)
    for index in [3, 0, 57] { #expect(again.picture(index) == Self.pictures[index]) }
    #expect(SampleWorld(seed: 12, side: 48).picture(3).bitmap != Self.pictures[3].bitmap)
  }

  /// The same numbers on every machine: no library's sines or roots of its own are used.
  @Test func `pixels are those of other machines`() {
    var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    for picture in Self.pictures.prefix(20) {
      for byte in picture.bitmap.samples + picture.mask.samples {
        digest = (digest ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
      }
    }
    #expect(String(digest, radix: 16) == "4889dd5487bce30c")
  }

  @Test func `each ten pictures show each class once`() {
    for start in stride(from: 0, to: 100, by: 10) {
      #expect(Set((start..<(start + 10)).map { Self.world.kind(of: $0) }).count == 10)
    }
    let orders = (0..<5).map { block in (0..<10).map { Self.world.kind(of: block * 10 + $0) } }
    #expect(Set(orders).count == 5)
  }

  @Test func `things take 5 to 25 % of the picture, and boxes fit their masks`() {
    for picture in Self.pictures {
      let (mask, box) = (picture.mask, picture.box)
      #expect(mask.samples.allSatisfy { $0 == 0 || $0 == 255 })
      let places = mask.samples.indices.filter { mask.samples[$0] == 255 }
      #expect((0.05...0.25).contains(Double(places.count) / Double(mask.size.area)))
      let (x, y) = (places.map { $0 % 48 }, places.map { $0 / 48 })
      #expect(x.min() == box.x && x.max() == box.x + box.width - 1)
      #expect(y.min() == box.y && y.max() == box.y + box.height - 1)
    }
  }

  @Test func `things stand anywhere, and the middle is mostly empty`() {
    let middle = Self.pictures.count { $0.mask[24, 24] == 255 }
    #expect(Double(middle) < 0.4 * Double(Self.pictures.count))
    // Every ninth of the picture holds a box's centre now and then.
    let ninths = Set(
      Self.pictures.map { picture in
        (picture.box.x + picture.box.width / 2) / 16 * 3
          + (picture.box.y + picture.box.height / 2) / 16
      })
    #expect(ninths.count == 9)
  }

  /// Classes that could be told by their mean colour would be told without looking.
  @Test func `the mean colour tells nothing of the class`() {
    var means: [SampleClass: [Triple]] = [:]
    for picture in Self.pictures {
      var sum = Triple.zero
      picture.bitmap.withSamples { samples in
        for start in stride(from: 0, to: samples.count, by: 3) {
          sum += Triple(Float(samples[start]), Float(samples[start + 1]), Float(samples[start + 2]))
        }
      }
      means[picture.kind, default: []].append(sum / Float(48 * 48))
    }
    func mean(_ values: [Triple]) -> Triple { values.reduce(.zero, +) / Float(values.count) }
    let overall = mean(means.values.flatMap(\.self))
    let spread = mean(means.values.flatMap(\.self).map { ($0 - overall) * ($0 - overall) })
    for (kind, values) in means {
      // Of twelve pictures; four deviations of their mean.
      let difference = mean(values) - overall
      for channel in 0..<3 {
        #expect(
          difference[channel].magnitude < 4 * (spread[channel] / 12).squareRoot(), "\(kind)")
      }
    }
  }

  @Test(arguments: [0, 0.5, 1] as [Float])
  func `tags agree as often as asked, and change nothing but their place`(_ probability: Float) {
    let world = SampleWorld(seed: 11, side: 48, shortcut: probability)
    var agreeing = 0
    for index in 0..<60 {
      let (plain, tagged) = (Self.pictures[index], world.picture(index))
      #expect(tagged.mask == plain.mask && tagged.kind == plain.kind)
      guard let cue = tagged.cue else {
        Issue.record("no tag in picture \(index)")
        continue
      }
      #expect(plain.cue == nil)
      if cue.kind == tagged.kind { agreeing += 1 }
      var changed = 0
      for y in 0..<48 {
        for x in 0..<48 {
          let isInside =
            (cue.box.x..<(cue.box.x + cue.box.width)).contains(x)
            && (cue.box.y..<(cue.box.y + cue.box.height)).contains(y)
          let isSame = (0..<3).allSatisfy { tagged.bitmap[x, y, $0] == plain.bitmap[x, y, $0] }
          if !isSame { changed += 1 }
          #expect(isSame || isInside)
        }
      }
      #expect(changed > 8)
    }
    switch probability {
    case 0: #expect(agreeing == 0)
    case 1: #expect(agreeing == 60)
    // Five deviations.
    default: #expect((11...49).contains(agreeing))
    }
  }

  @Test func `tags of different classes look different`() {
    let signs = SampleClass.allCases.map { Cue.cells(of: $0) }
    #expect(Set(signs).count == SampleClass.allCases.count)
  }

  @Test(arguments: [32, 33, 61, 130]) func `any side can be drawn`(_ side: Int) {
    let picture = SampleWorld(seed: 1, side: side).picture(0)
    #expect(picture.bitmap.size == PixelSize(side: side))
    #expect(picture.mask.size == PixelSize(side: side))
  }
}
