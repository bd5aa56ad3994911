import Explanations
import Imaging
import Tensors
import Testing

@testable import Rendering

struct OverlayRendererTests {
  private let size = PixelSize(width: 40, height: 20)

  private func drawing(
    _ values: [Float], sign: AttributionMap.Sign, geometry: String = "squash:4",
    _ configure: (inout OverlayRenderer) -> Void = { _ in }
  ) throws -> Drawing {
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
    func pixel(_ drawing: Drawing) -> [UInt8] {
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

  // MARK: - Nothing to be seen

  private static let shapeless: [([Float], MapNormalization.Status)] = [
    ([0, 0, 0, 0], .nothingFound), ([0.3, 0.3, 0.3, 0.3], .constant), ([0.3], .constant),
    ([1, .nan, 1, 2], .nonFinite), ([1, 3, -.infinity, 2], .nonFinite),
  ]

  @Test(arguments: shapeless)
  func `a map that shows nothing leaves the picture bare, and says so`(
    values: [Float], status: MapNormalization.Status
  ) throws {
    for sign in [AttributionMap.Sign.magnitude, .signed] {
      for scale in [MapScale.image, .folder, .fixed(low: 0, high: 1)] {
        let drawing = try drawing(values, sign: sign) {
          $0.scale = scale
          $0.backdrop = .color
          $0.contours = true
        }
        #expect(drawing.normalization.status == status)
        let overlay = drawing.rescaled(to: 5).overlay
        #expect((0..<3).map { overlay[39, 2, $0] } == [90, 120, 60])
        #expect((0..<size.width).contains { overlay[$0, size.height - 4, 0] != 90 })
      }
    }
  }

  @Test func `what the network did not see is hatched even where nothing was found`() throws {
    let values = [Float](repeating: .nan, count: 16)
    let overlay = try drawing(values, sign: .magnitude, geometry: "crop:4:4").overlay
    #expect((0..<3).map { overlay[20, 3, $0] } == [90, 120, 60])
    #expect(overlay[2, 3, 0] < 90 && overlay[38, 3, 0] < 90)
  }

  // MARK: - Scales

  @Test func `a fixed scale is the same for every map`() throws {
    for factor: Float in [1, 0.1] {
      let drawing = try drawing(left.map { $0 * factor }, sign: .magnitude) {
        $0.scale = .fixed(low: -1, high: 4)
      }
      #expect(drawing.normalization.scale == 4 && drawing.normalization.floor == 0)
      #expect(drawing.ownScale == 2 * factor)
    }
    let signed = try drawing(left, sign: .signed) { $0.scale = .fixed(low: -3, high: 1) }
    #expect(signed.normalization.scale == 3)
    let raised = try drawing(left, sign: .magnitude) {
      $0.scale = .fixed(low: 1.9, high: 2)
      $0.opacity = 1
    }
    #expect(raised.normalization.floor == 1.9)
  }

  @Test func `half the values on half the scale look the same`() throws {
    let half = try drawing(left.map { $0 / 2 }, sign: .signed) { $0.scale = .folder }
    #expect(half.rescaled(to: 1).overlay == (try drawing(left, sign: .signed)).overlay)
    #expect(half.rescaled(to: 2).overlay != half.overlay)
  }

  // MARK: - Enlarging

  @Test func `cells are squares of one colour`() throws {
    var values = [Float](repeating: 0, count: 16)
    values[5] = 1
    let map = try drawing(values, sign: .magnitude, geometry: "squash:40x20") {
      $0.enlargement = .cells
    }.map
    let colors = Set((0..<20).flatMap { y in (0..<40).map { map[$0, y, 0] } })
    #expect(colors.count == 2)
    #expect(map[10, 5, 0] == map[19, 9, 0] && map[9, 5, 0] != map[10, 5, 0])
  }

  @Test func `edges that are the picture's are said to be so, on the drawing and in words`() throws
  {
    var picture = Bitmap(size: PixelSize(side: 120), layout: .rgb, filledWith: [30, 30, 30])
    for y in 0..<120 { for x in 53..<120 { for c in 0..<3 { picture[x, y, c] = 220 } } }
    let map = AttributionMap(
      Tensor((0..<16).map { Float($0 % 4) }, shape: [1, 4, 4]), sign: .magnitude)
    let placement = try InputGeometry(parsing: "squash:60").placement(in: picture.size)
    func drawing(_ enlargement: MapEnlargement) -> Drawing {
      var renderer = OverlayRenderer()
      renderer.enlargement = enlargement
      renderer.colorMap = .named(.gray)
      return renderer.draw(ExplainedImage(picture, explainedBy: map, placement: placement))
    }
    func step(_ drawing: Drawing) -> Int {
      let map = drawing.map
      return Int(map[54, 40]) - Int(map[51, 40])
    }
    #expect(step(drawing(.edges)) > 3 * step(drawing(.smooth)))
    #expect(drawing(.edges).enlargement == .edges)
    #expect(drawing(.edges).remarks.contains { $0.contains("from the picture") })
    #expect(drawing(.smooth).remarks.contains { $0.contains("4 × 4") })
    let foot = PixelRect(x: 0, y: 110, width: 60, height: 10)
    #expect(abs(drawing(.edges).map.ink(in: foot) - drawing(.smooth).map.ink(in: foot)) > 50)
  }

  @Test func `a map as fine as the input is not enlarged, and not said to be`() throws {
    var random = Numbers()
    let fine = (0..<400).map { _ in Float.random(in: 0...1, using: &random) }
    let drawing = try drawing(fine, sign: .magnitude, geometry: "squash:20") {
      $0.enlargement = .edges
    }
    #expect(drawing.enlargement == nil)
    #expect(drawing.grid == PixelSize(side: 20))
    #expect(!drawing.remarks.contains { $0.contains("Grid") })
  }

  // MARK: - Styles

  @Test(arguments: DrawingStyle.allCases)
  func `overlays and maps have the picture's size, figures more`(style: DrawingStyle) throws {
    let drawing = try drawing(left, sign: .signed, geometry: "letterbox:4") { $0.contours = true }
    let bitmap = drawing.bitmap(style, title: "gradient: zebra 99%", notes: ["zebra.jpg."])
    switch style {
    case .overlay, .map: #expect(bitmap.size == size)
    case .figure: #expect(bitmap.width > 240 && bitmap.height > 150)
    case .sideBySide: #expect(bitmap.width > 2 * 240)
    }
  }

  @Test(arguments: [
    PixelSize(side: 1), PixelSize(width: 3000, height: 40), PixelSize(width: 2, height: 900),
  ])
  func `figures of any picture can be drawn`(size: PixelSize) throws {
    let picture = Bitmap(size: size, layout: .gray, filledWith: [99])
    let map = AttributionMap(Tensor([1, 0, 0, 2], shape: [1, 2, 2]), sign: .signed)
    let placement = try InputGeometry(parsing: "letterbox:8").placement(in: size)
    let drawing = OverlayRenderer().draw(
      ExplainedImage(picture, explainedBy: map, placement: placement))
    let bitmap = drawing.bitmap(.sideBySide, title: String(repeating: "long ", count: 60))
    #expect(bitmap.width < 4300)
  }

  @Test func `the picture beside the overlay keeps its pixels`() throws {
    let picture = Bitmap(size: PixelSize(side: 300), layout: .rgb, filledWith: [12, 200, 77])
    let map = AttributionMap(Tensor([1, 0, 0, 2], shape: [1, 2, 2]), sign: .signed)
    let placement = try InputGeometry(parsing: "squash:8").placement(in: picture.size)
    let bitmap = OverlayRenderer().draw(
      ExplainedImage(picture, explainedBy: map, placement: placement)
    ).bitmap(.sideBySide, title: "t")
    var count = 0
    for y in 0..<bitmap.height {
      for x in 0..<bitmap.width where bitmap.color(x, y) == Color(red: 12, green: 200, blue: 77) {
        count += 1
      }
    }
    #expect(count == 300 * 300)
  }
}
