import Foundation
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

  @Test func `the seen part has the pixels whose centres lie in the input`() {
    // Two and a half input pixels to one of the picture: the window spans 1.6...3.2 of its pixels.
    let placement = Placement(
      picture: PixelSize(width: 10, height: 1), scaled: PixelSize(width: 25, height: 2),
      window: PixelRect(x: 4, y: 0, width: 4, height: 2))
    #expect(placement.seen == PixelRect(x: 2, y: 0, width: 1, height: 1))
    let map = Image<Float>(size: PixelSize(side: 1), layout: .gray, samples: [5])
    let projected = placement.project(map).samples
    #expect(projected.indices.allSatisfy { projected[$0].isNaN == ($0 != 2) })
  }

  @Test func `an input between two centres sees one pixel all the same`() throws {
    let picture = PixelSize(width: 1, height: 1000)
    let placement = try InputGeometry(parsing: "crop:256:224").placement(in: picture)
    #expect(placement.seen == PixelRect(x: 0, y: 500, width: 1, height: 1))
    #expect(placement.project(ramp(7, 7)).samples.count { !$0.isNaN } == 1)
  }

  @Test func `a map finer than the picture is averaged`() throws {
    let placement = try InputGeometry(parsing: "squash:64").placement(in: PixelSize(side: 2))
    let stripes = Image<Float>(
      size: PixelSize(side: 64), layout: .gray,
      samples: (0..<64 * 64).map { Float($0 % 2) })
    let projected = placement.project(stripes)
    #expect(projected.size == PixelSize(side: 2))
    #expect(projected.samples.allSatisfy { abs($0 - 0.5) < 0.01 })
  }

  @Test(arguments: ["crop:256:224", "squash:320x200", "letterbox:100x300"])
  func `places go to the picture and back`(_ text: String) throws {
    let picture = PixelSize(width: 500, height: 333)
    let placement = try InputGeometry(parsing: text).placement(in: picture)
    let start = PixelPoint(x: 12.5, y: 61.25)
    let back = placement.inputPoint(placement.picturePoint(start))
    #expect(abs(back.x - start.x) < 1e-9 && abs(back.y - start.y) < 1e-9)
    let around = try #require(placement.pictureRect(around: placement.input.bounds))
    #expect(around.intersection(placement.seen) == placement.seen)
    #expect(around.width <= placement.seen.width + 2 && around.height <= placement.seen.height + 2)
  }

  @Test func `a rectangle in a letterbox's bars shows nothing of the picture`() throws {
    let placement = try InputGeometry(parsing: "letterbox:100").placement(
      in: PixelSize(width: 200, height: 100))
    #expect(placement.pictureRect(around: PixelRect(x: 3, y: 3, width: 9, height: 9)) == nil)
  }

  @Test func `crops round like the reference predictions`() throws {
    let geometry = try InputGeometry(parsing: "crop:256:224")
    // 256 · 640 / 428 = 382.8; (383 − 224) / 2 = 79.5.
    #expect(
      geometry.placement(in: PixelSize(width: 640, height: 428))
        == Placement(
          picture: PixelSize(width: 640, height: 428), scaled: PixelSize(width: 383, height: 256),
          window: PixelRect(x: 79, y: 16, width: 224, height: 224)))
  }

  @Test func `a placement is checked where it is decoded`() throws {
    let placement = try InputGeometry(parsing: "letterbox:32").placement(
      in: PixelSize(width: 640, height: 428))
    let json = try JSONEncoder().encode(placement)
    #expect(try JSONDecoder().decode(Placement.self, from: json) == placement)
    let apart = """
      {"picture":{"width":9,"height":9},"scaled":{"width":9,"height":9},
      "window":{"x":9,"y":0,"width":3,"height":3}}
      """
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(Placement.self, from: Data(apart.utf8))
    }
  }

  @Test func `an extreme picture costs no more than its input`() throws {
    let picture = Bitmap(
      size: PixelSize(width: 1, height: 40_000), layout: .gray, filledWith: [77])
    let placement = try InputGeometry(parsing: "crop:256:224").placement(in: picture.size)
    #expect(placement.scaled.height == 256 * 40_000)
    #expect(placement.input(from: picture).samples.allSatisfy { $0 == 77 })
  }

  @Test(arguments: [
    "crop:256:224", "squash:320x224", "letterbox:32", "crop:256:224:bicubic",
    "squash:320x224:lanczos",
    "letterbox:32:nearest",
  ])
  func `geometries are written as they are read`(_ text: String) throws {
    #expect(try InputGeometry(parsing: text).description == text)
  }

  @Test func `bilinear is what is meant where no filter is named`() throws {
    #expect(try InputGeometry(parsing: "squash:8") == .squash(PixelSize(side: 8)))
    #expect(try InputGeometry(parsing: "squash:8:bilinear").description == "squash:8")
    #expect(try InputGeometry(parsing: "squash:8:lanczos").filter == .lanczos)
  }

  @Test(arguments: [
    "", "crop", "crop:224", "crop:100:224", "squash:0", "squash:-3", "squash:99999", "fit:224",
    "squash:224:1", "letterbox:axb", "crop:224:320x224", "squash:+224", "squash:", "squash:x",
    "squash:1x2x3", "crop:256:224:cubic", "crop:256:bicubic", "squash:bicubic",
    "squash:8:bicubic:2", "squash:9223372036854775808",
  ]) func `anything else is refused`(_ text: String) {
    #expect(throws: InputGeometryError.self) { try InputGeometry(parsing: text) }
  }
}
