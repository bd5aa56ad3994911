import Imaging
import Testing

@testable import Rendering

struct RegionPictureTests {
  /// Four quarters, ranked row by row.
  private let ranks = Image<Float>(
    size: PixelSize(side: 4), layout: .gray,
    samples: [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4])

  private let blue = Bitmap(size: PixelSize(side: 80), layout: .rgb, filledWith: [20, 40, 220])

  private func pixel(_ picture: Bitmap, _ x: Int, _ y: Int) -> [UInt8] {
    Array(picture.samples[3 * (y * picture.width + x)..<3 * (y * picture.width + x) + 3])
  }

  @Test func `what is kept has its colours, the rest is pale`() {
    let placement = Placement(
      picture: blue.size, scaled: PixelSize(side: 4), window: PixelSize(side: 4).bounds)
    let kept = RegionPicture(ranks: ranks, keptCount: 1, placement: placement)
      .kept(of: blue, showsBorders: false)
    #expect(kept.size == blue.size)
    #expect(pixel(kept, 15, 15) == [20, 40, 220])
    for (x, y) in [(60, 15), (15, 60), (60, 60)] {
      let gray = pixel(kept, x, y)
      #expect(Set(gray).count == 1 && gray[0] >= 150)
    }
    // A line runs where both meet, and on request where other regions do.
    let bordered = RegionPicture(ranks: ranks, keptCount: 1, placement: placement)
      .kept(of: blue, showsBorders: true)
    #expect((36..<44).contains { pixel(kept, $0, 15) == [230, 0, 60] })
    #expect(!(36..<44).contains { pixel(kept, $0, 60) == [255, 255, 255] })
    #expect((36..<44).contains { pixel(bordered, $0, 60) == [255, 255, 255] })
    #expect((36..<44).contains { pixel(bordered, $0, 15) == [230, 0, 60] })
  }

  @Test func `what the network did not see is not kept`() {
    // The network sees the middle of a picture that is twice as wide as high.
    let wide = Bitmap(
      size: PixelSize(width: 80, height: 40), layout: .rgb, filledWith: [20, 40, 220])
    let placement = Placement(
      picture: wide.size, scaled: PixelSize(width: 8, height: 4),
      window: PixelRect(x: 2, y: 0, width: 4, height: 4))
    let all = RegionPicture(ranks: ranks, keptCount: 4, placement: placement)
      .kept(of: wide, showsBorders: false)
    #expect(pixel(all, 40, 20) == [20, 40, 220])
    #expect(Set(pixel(all, 5, 20)).count == 1 && Set(pixel(all, 75, 20)).count == 1)
    let numbers = placement.nearest(of: ranks)
    #expect(numbers.samples[20 * 80 + 5].isNaN)
    #expect(Set(numbers.samples.filter { !$0.isNaN }) == [1, 2, 3, 4])
  }
}
