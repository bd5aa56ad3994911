import Explanations
import Imaging
import Rendering
import Tensors
import Testing

struct OverlayRendererTests {
  private let size = PixelSize(width: 40, height: 20)

  private func drawing(
    _ values: [Float], sign: AttributionMap.Sign, geometry: String = "squash:4",
    _ configure: (inout OverlayRenderer) -> Void = { _ in }
  ) throws -> OverlayRenderer.Drawing {
    let picture = Bitmap(size: size, layout: .rgb, filledWith: [90, 120, 60])
    let side = Int(Double(values.count).squareRoot())
    let map = AttributionMap(Tensor(values, shape: [1, side, side]), sign: sign)
    let placement = try InputGeometry(parsing: geometry).placement(in: size)
    var renderer = OverlayRenderer()
    configure(&renderer)
    return renderer.draw(ExplainedImage(picture, explainedBy: map, placement: placement))
  }

  private let left: [Float] = (0..<16).map { $0 % 4 == 0 ? 2 : 0 }

  @Test func `the overlay has the picture's size, and its colours where the map is zero`() throws {
    let overlay = try drawing(left, sign: .magnitude).overlay
    #expect(overlay.size == size)
    #expect((0..<3).map { overlay[39, 10, $0] } == [90, 120, 60])
    #expect((0..<3).map { overlay[0, 10, $0] } != [90, 120, 60])
  }

  @Test func `a map that found nothing leaves the picture bare and says so below`() throws {
    let overlay = try drawing([Float](repeating: 0, count: 16), sign: .magnitude).overlay
    #expect((0..<3).map { overlay[20, 2, $0] } == [90, 120, 60])
    #expect((0..<size.width).contains { overlay[$0, size.height - 4, 0] != 90 })
  }

  @Test func `the scale is the raw value at full colour`() throws {
    #expect(try drawing(left, sign: .magnitude).normalization.scale == 2)
    #expect(try drawing(left.map { -$0 }, sign: .signed).normalization.scale == 2)
  }

  @Test func `signs have colours of their own, unless the colours tell strength alone`() throws {
    let (plus, minus) = (left, left.map { -$0 })
    func pixel(_ drawing: OverlayRenderer.Drawing) -> [UInt8] {
      (0..<3).map { drawing.overlay[0, 10, $0] }
    }
    #expect(
      try pixel(drawing(plus, sign: .signed)) != pixel(drawing(minus, sign: .signed)))
    let strength: (inout OverlayRenderer) -> Void = { $0.colorMap = .named(.viridis) }
    #expect(
      try pixel(drawing(plus, sign: .signed, strength))
        == pixel(drawing(minus, sign: .signed, strength)))
  }

  @Test func `beneath signed maps the picture is gray, unless it is to keep its colours`() throws {
    let gray = try drawing(left, sign: .signed).overlay
    #expect(gray[39, 10, 0] == gray[39, 10, 1] && gray[39, 10, 0] >= 150)
    let kept = try drawing(left, sign: .signed) { $0.backdrop = .color }.overlay
    #expect((0..<3).map { kept[39, 10, $0] } == [90, 120, 60])
  }

  @Test func `a letterbox's margins have no part in the scale`() throws {
    // The picture fills the two middle rows of the input.
    let margins: [Float] = (0..<16).map { $0 < 4 || $0 >= 12 ? 100 : 1 }
    let drawing = try drawing(margins, sign: .magnitude, geometry: "letterbox:4")
    #expect(drawing.normalization.scale < 60)
  }

  @Test func `a coarse map is enlarged smoothly`() throws {
    var values = [Float](repeating: 0, count: 16)
    values[5] = 1
    let overlay = try drawing(values, sign: .magnitude, geometry: "squash:20") {
      $0.colorMap = .named(.gray)
      $0.opacity = 1
    }.overlay
    // Along a row through the peak no step is large.
    let row = (0..<40).map { Int(overlay[$0, 7, 1]) }
    #expect(zip(row, row.dropFirst()).allSatisfy { abs($0 - $1) < 60 })
    #expect((row.max() ?? 0) > 150)
  }
}
