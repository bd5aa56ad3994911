import Imaging
import Testing

struct PlacementTests {
  /// A map whose value is its column.
  private func ramp(_ width: Int, _ height: Int) -> Image<Float> {
    Image(
      size: PixelSize(width: width, height: height), layout: .gray,
      samples: (0..<width * height).map { Float($0 % width) })
  }

  @Test func `a map over the whole picture comes back unchanged`() throws {
    let geometry = try InputGeometry(parsing: "squash:8")
    let map = ramp(8, 8)
    #expect(geometry.placement(in: PixelSize(side: 8)).project(map) == map)
  }

  @Test func `squashing is undone along each side`() throws {
    let placement = try InputGeometry(parsing: "squash:4").placement(
      in: PixelSize(width: 8, height: 4))
    let projected = placement.project(ramp(4, 4))
    #expect(projected.size == PixelSize(width: 8, height: 4))
    #expect(projected[0, 0] == 0 && projected[7, 0] == 3)
    #expect(projected[3, 2] == 1.25 && projected[4, 2] == 1.75)
  }

  @Test func `what a crop leaves out is NaN`() throws {
    let placement = try InputGeometry(parsing: "crop:4:4").placement(
      in: PixelSize(width: 8, height: 4))
    let projected = placement.project(Image(size: PixelSize(side: 1), layout: .gray, samples: [5]))
    let row = (0..<8).map { projected[$0, 1] }
    #expect(row[2...5].allSatisfy { $0 == 5 })
    #expect((row[..<2] + row[6...]).allSatisfy { $0.isNaN })
    #expect(placement.seen == PixelRect(x: 2, y: 0, width: 4, height: 4))
  }

  @Test func `a letterbox shows the whole picture between gray bars`() throws {
    let picture = Bitmap(
      size: PixelSize(width: 8, height: 4), layout: .rgb, filledWith: [200, 10, 10])
    let placement = try InputGeometry(parsing: "letterbox:8").placement(in: picture.size)
    let input = placement.input(from: picture)
    #expect(input.size == PixelSize(side: 8))
    #expect(input[3, 1] == 128 && input[3, 2] == 200 && input[3, 5] == 200 && input[3, 6] == 128)
    #expect(placement.project(ramp(8, 8)).samples.allSatisfy { !$0.isNaN })
    #expect(placement.seen == picture.size.bounds)
  }

  @Test func `an extreme picture costs no more than its input`() throws {
    let picture = Bitmap(
      size: PixelSize(width: 1, height: 40_000), layout: .gray, filledWith: [77])
    let placement = try InputGeometry(parsing: "crop:256:224").placement(in: picture.size)
    #expect(placement.scaled.height == 256 * 40_000)
    #expect(placement.input(from: picture).samples.allSatisfy { $0 == 77 })
  }

  @Test(arguments: ["crop:256:224", "squash:320x224", "letterbox:32"])
  func `geometries are written as they are read`(_ text: String) throws {
    #expect(try InputGeometry(parsing: text).description == text)
  }

  @Test(arguments: [
    "", "crop", "crop:224", "crop:100:224", "squash:0", "squash:-3", "squash:99999", "fit:224",
    "squash:224:1", "letterbox:axb", "squash:1x2x3", "squash:9223372036854775808",
  ]) func `anything else is refused`(_ text: String) {
    #expect(throws: InputGeometryError.self) { try InputGeometry(parsing: text) }
  }
}
