import Imaging
import Testing

@testable import Measures

struct TruthTests {
  /// The shorter side to 8, and the middle 8 by 8 of it.
  private func cropped(_ width: Int, _ height: Int) throws -> Placement {
    try InputGeometry(parsing: "crop:8:8").placement(in: PixelSize(width: width, height: height))
  }

  @Test func `boxes are scaled and cut with the picture`() throws {
    // 32 by 16 is halved to 16 by 8; columns 4 to 11 are seen.
    let truth = Truth(
      boxes: [
        PixelRect(x: 0, y: 0, width: 12, height: 4), PixelRect(x: 0, y: 0, width: 8, height: 8),
        PixelRect(x: 10, y: 6, width: 1, height: 1),
      ], placement: try cropped(32, 16))
    // The second is not seen; the third lies between centres.
    #expect(
      truth.boxes == [
        PixelRect(x: 0, y: 0, width: 2, height: 2), PixelRect(x: 1, y: 3, width: 1, height: 1),
      ])
    #expect(truth.isBoxed.count { $0 } == 5)
    #expect(truth.mask == nil)
  }

  @Test func `a mask takes positions that are half covered, and makes a box`() throws {
    let size = PixelSize(side: 16)
    // Columns 3 to 8: at half the size column 1 is half covered, column 4 as well.
    let mask = Bitmap(
      size: size, layout: .gray,
      samples: (0..<256).map { (3...8).contains($0 % 16) && $0 / 16 < 4 ? 255 : 0 })
    let truth = Truth(boxes: [], mask: mask, placement: try cropped(16, 16))
    #expect(truth.boxes == [PixelRect(x: 1, y: 0, width: 4, height: 2)])
    #expect(truth.mask == truth.isBoxed)
  }

  @Test func `beyond the picture there is no object`() throws {
    let geometry = try InputGeometry(parsing: "letterbox:8")
    let size = PixelSize(width: 8, height: 4)
    let placement = geometry.placement(in: size)
    let mask = Bitmap(size: size, layout: .gray, filledWith: [255])
    let truth = Truth(boxes: [size.bounds], mask: mask, placement: placement)
    #expect(truth.boxes == [PixelRect(x: 0, y: 2, width: 8, height: 4)])
    #expect(truth.mask == truth.isBoxed)
  }

  @Test func `an object that is not seen has neither box nor mask`() throws {
    let mask = Bitmap(
      size: PixelSize(width: 32, height: 16), layout: .gray,
      samples: (0..<512).map { $0 % 32 < 4 ? 255 : 0 })
    let truth = Truth(
      boxes: [PixelRect(x: 0, y: 0, width: 4, height: 16)], mask: mask,
      placement: try cropped(32, 16))
    #expect(truth.boxes.isEmpty)
    #expect(truth.mask == nil)
  }
}
