import Imaging
import Testing

@testable import Rendering

struct ChartTests {
  private let size = PixelSize(width: 320, height: 240)

  /// Pixels that have exactly this colour, by column.
  private func pixels(of color: Color, in picture: Bitmap) -> [Int] {
    (0..<picture.width).map { x in
      (0..<picture.height).count { picture.color(x, $0) == color }
    }
  }

  @Test func `a histogram counts every value in the range once`() {
    let histogram = Histogram(of: [0, 0.1, 0.5, 0.99, 1, .nan, .infinity, 2], bins: 4, over: 0...1)
    #expect(histogram.counts == [2, 0, 1, 2])
    #expect(histogram.range(ofBin: 1) == 0.25...0.5)
    #expect(Histogram(of: [3, 3], bins: 2).counts.reduce(0, +) == 2)
    #expect(Histogram(of: [], bins: 3).counts == [0, 0, 0])
  }

  @Test func `bars are as high as their counts`() {
    let histogram = Histogram(of: [0.5, 1.5, 1.5, 2.5, 2.5, 2.5, 2.5], bins: 3, over: 0...3)
    let red = Color(hex: 0xFF0000)
    let picture = Chart(series: [.histogram("", histogram, color: red)]).rendered(size: size)
    let columns = (0..<size.width).map { x in
      (0..<size.height).count { picture[x, $0, 0] > 230 && picture[x, $0, 2] < 60 }
    }
    let heights = Set(columns.filter { $0 > 10 }).sorted()
    #expect(heights.count == 3)
    // A row at the top and one at the axis may be shared.
    #expect(abs(Double(heights[1]) / Double(heights[0]) - 2) < 0.08)
    #expect(abs(Double(heights[2]) / Double(heights[0]) - 4) < 0.16)
  }

  @Test func `equal units are as long across as upwards`() throws {
    let red = Color(hex: 0xFF0000)
    let square = [(0, 0), (3, 0), (3, 3), (0, 3)].map { Point(x: $0.0, y: $0.1) }
    var chart = Chart(series: [.scatter("", square, color: red, radius: 3)])
    func extents() -> (across: Int, up: Int) {
      let picture = chart.rendered(size: size)
      func isRed(_ x: Int, _ y: Int) -> Bool { picture[x, y, 0] > 230 && picture[x, y, 2] < 120 }
      let across = (0..<size.width).filter { x in (0..<size.height).contains { isRed(x, $0) } }
      let up = (0..<size.height).filter { y in (0..<size.width).contains { isRed($0, y) } }
      return ((across.last ?? 0) - (across.first ?? 0), (up.last ?? 0) - (up.first ?? 0))
    }
    #expect(extents().across > extents().up + 40)
    chart.hasEqualUnits = true
    #expect(abs(extents().across - extents().up) <= 4)
    #expect(extents().up > 100)
  }

  @Test func `a line goes through its points`() {
    let red = Color(hex: 0xFF0000)
    let points = (0...4).map { Point(x: Double($0), y: Double($0 % 2)) }
    let chart = Chart(series: [.line("", points, color: red, width: 5)])
    let plot = Plot(chart, in: Rect(x: 10, y: 10, width: 300, height: 220))
    let picture = chart.rendered(size: size)
    for (index, point) in points.enumerated().dropFirst().dropLast() {
      let x = Int(plot.rect.x + plot.rect.width * Double(index) / 4)
      let y = point.y == 0 ? Int(plot.rect.maxY) - 2 : Int(plot.rect.y) + 1
      #expect(picture.color(x, y) == red)
    }
  }

  @Test func `a point that is not finite interrupts the line`() {
    let red = Color(hex: 0xFF0000)
    let points = [0, 1, .nan, 3, 4].map { Point(x: $0, y: 1) }
    let chart = Chart(y: ChartAxis(scale: .fixed(0...2)), series: [.line("", points, color: red)])
    let drawn = pixels(of: red, in: chart.rendered(size: size)).map { $0 > 0 }
    let plot = Plot(chart, in: Rect(x: 10, y: 10, width: 300, height: 220)).rect
    #expect(drawn[Int(plot.x + plot.width * 0.12)])
    #expect(!drawn[Int(plot.x + plot.width * 0.5)])
    #expect(drawn[Int(plot.x + plot.width * 0.88)])
  }

  @Test func `data outside a fixed range are cut off at the plot`() {
    let red = Color(hex: 0xFF0000)
    let points = [Point(x: -10, y: 5), Point(x: 10, y: -5), Point(x: 0.5, y: 1e30)]
    let chart = Chart(
      x: ChartAxis(scale: .fixed(0...1)),
      y: ChartAxis(scale: .fixed(-1...1)),
      series: [.line("", points, color: red, width: 8)]
    )
    let plot = Plot(chart, in: Rect(x: 10, y: 10, width: 300, height: 220)).rect
    let picture = chart.rendered(size: size)
    for x in 0..<Int(plot.x) - 1 {
      for y in 0..<size.height { #expect(picture.color(x, y) != red) }
    }
  }

  @Test func `cells of a matrix have the colours of their values`() {
    let chart = Chart.matrix(
      [[-2, 0], [1, 2]],
      rows: ["a", "b"],
      columns: ["c", "d"],
      colorMap: .blueRed
    )
    let plot = Plot(chart, in: Rect(x: 10, y: 10, width: 300, height: 220)).rect
    let picture = chart.rendered(size: size)
    #expect(plot.width == plot.height)
    func corner(_ row: Double, _ column: Double) -> Color {
      let cell = plot.width / 2
      return picture.color(Int(plot.x + column * cell) + 4, Int(plot.y + row * cell) + 4)
    }
    #expect(corner(0, 0) == ColorMap.blueRed.color(at: -1))
    #expect(corner(0, 1) == .white)
    #expect(corner(1, 0) == ColorMap.blueRed.color(at: 0.5))
    #expect(corner(1, 1) == ColorMap.blueRed.color(at: 1))
  }

  @Test func `cells without a number are gray and bare`() {
    let chart = Chart.matrix(
      [[nil, 0.5], [.infinity, .nan]], rows: ["a", "b"], columns: ["c", "d"])
    guard case .matrix(let matrix) = chart.series[0].mark else {
      Issue.record("a matrix is a matrix")
      return
    }
    #expect(matrix.labels == [["", "0.50"], ["", ""]])
    #expect(chart.colorBar?.range == 0...0.5)
    let plot = Plot(chart, in: Rect(x: 10, y: 10, width: 300, height: 220)).rect
    let picture = chart.rendered(size: size)
    let half = plot.width / 2
    for (row, column) in [(0.0, 0.0), (1, 0), (1, 1)] {
      let (left, top) = (Int(plot.x + column * half), Int(plot.y + row * half))
      for y in top + 2..<top + Int(half) - 2 {
        for x in left + 2..<left + Int(half) - 2 {
          guard picture.color(x, y) != Chart.gridColor else { continue }
          Issue.record("\(x), \(y) is not gray")
          return
        }
      }
    }
    let none = Chart.matrix([[nil]], rows: ["a"], columns: ["b"]).rendered(size: size)
    #expect(none.size == size)
  }

  @Test(arguments: [
    (1.314, "1.31"), (0.0123, "0.0123"), (31.67, "31.7"), (431.6, "432"), (0.9999, "1.00"),
    (0.5, "0.500"), (12345, "12345"), (0, "0.00"), (9.996, "10.0"),
  ])
  func `pairs of classes are written with three digits of the largest`(
    value: Double, text: String
  ) {
    let chart = Chart.classPairs([[nil, value], [0, nil]], classes: ["4", "9"])
    guard case .matrix(let matrix) = chart.series[0].mark else {
      Issue.record("pairs are a matrix")
      return
    }
    #expect(matrix.labels[0] == ["", text])
    #expect(chart.x.scale == .categories(["4", "9"]) && chart.y.scale == chart.x.scale)
    #expect(chart.x.label == "to class" && chart.y.label == "from class")
  }

  @Test func `a confusion matrix is coloured by the share of its row`() {
    let chart = Chart.confusionMatrix([[30, 10], [0, 0]], classes: ["cat", "dog"])
    guard case .matrix(let matrix) = chart.series[0].mark else {
      Issue.record("a confusion matrix is a matrix")
      return
    }
    #expect(matrix.values == [[0.75, 0.25], [0, 0]])
    #expect(matrix.labels == [["30", "10"], ["0", "0"]])
  }

  @Test func `the colour bar runs from the lowest colour at its foot to the highest`() {
    let normalization = MapNormalization(
      fitting: Image(size: PixelSize(side: 1), layout: .gray, samples: [-3]),
      range: .symmetric
    )
    let bar = ChartColorBar(colorMap: .blueRed, normalization: normalization)
    #expect(bar.range == -3...3)
    let picture = picture(80, 140) {
      bar.draw(on: &$0, in: Rect(x: 10, y: 20, width: 0, height: 100))
    }
    let top = PerceptualColor(picture.color(16, 22))
    let foot = PerceptualColor(picture.color(16, 117))
    #expect(top.a > 0.1)
    #expect(foot.b < -0.1)
    #expect(picture.color(16, 70).green > 245)
  }

  @Test func `the same chart gives the same bytes`() {
    let chart = Chart(
      title: "Loss",
      x: ChartAxis("epoch"),
      y: ChartAxis("nats"),
      series: [.line("training", [Point(x: 0, y: 2), Point(x: 9, y: 0.3)])]
    )
    #expect(chart.rendered(size: size) == chart.rendered(size: size))
  }

  @Test(
    arguments: [
      [], [.line("", [])], [.line("one", [Point(x: 3, y: 3)])],
      [.scatter("", [Point(x: .nan, y: 1)])], [.histogram("", Histogram(of: [], bins: 5))],
      [.line("", [Point(x: -1.7e308, y: 0), Point(x: 1.7e308, y: 1e-300)])],
    ] as [[ChartSeries]]
  )
  func `charts without sensible data still have axes`(series: [ChartSeries]) {
    #expect(Chart(series: series).rendered(size: size).ink > 100)
  }

  @Test func `the smallest sizes are harmless`() {
    let charts = [
      Chart(
        title: "Loss while training",
        x: ChartAxis("epoch"),
        y: ChartAxis("nats"),
        series: [.line("training", [Point(x: 0, y: 2), Point(x: 9, y: 0.3)])],
        colorBar: ChartColorBar(colorMap: .gray, range: 0...1, label: "share")
      ),
      Chart.confusionMatrix([[1, 2], [3, 4]], classes: ["cat", "dog"]),
      Chart(x: .categories([]), y: .categories([]), series: []),
    ]
    for chart in charts {
      for side in stride(from: 1, to: 130, by: 16) {
        let size = PixelSize(width: side, height: 130 - side)
        #expect(chart.rendered(size: size).size == size)
      }
    }
  }
}
