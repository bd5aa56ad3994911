import ImageCodecs
import Imaging
import Measures
import Rendering

/// A panel for each measure: methods and controls from the best to the worst, with their intervals.
struct RankingFigure {
  private let rankings: [MeasureRanking]

  private static let columnCount = 4
  private static let panelWidth = 400

  init(_ rankings: [MeasureRanking]) { self.rankings = rankings }

  private var rowHeight: Int {
    100 + 15 * (rankings.map { Self.standings(of: $0).count }.max() ?? 0)
  }

  private var size: PixelSize {
    let columns = min(max(rankings.count, 1), Self.columnCount)
    let rows = max((rankings.count + Self.columnCount - 1) / Self.columnCount, 1)
    return PixelSize(width: columns * Self.panelWidth, height: rows * rowHeight)
  }

  func png() throws(CodecError) -> [UInt8] {
    var canvas = RasterCanvas(size: size)
    for (index, ranking) in rankings.enumerated() {
      let place = Rect(
        x: Double(index % Self.columnCount * Self.panelWidth),
        y: Double(index / Self.columnCount * rowHeight), width: Double(Self.panelWidth),
        height: Double(rowHeight))
      Self.panel(ranking).draw(on: &canvas, in: place)
    }
    return try PNGCodec.encode(
      canvas.bitmap, text: [(keyword: PictureFile.keyword, text: "evaluation")])
  }

  private static func standings(of ranking: MeasureRanking) -> [MeasureRanking.Standing] {
    ranking.standings.filter { $0.mean != nil }
  }

  private static func panel(_ ranking: MeasureRanking) -> Chart {
    let standings = standings(of: ranking)
    let direction =
      switch ranking.column.about.better {
      case .higher: "higher is better"
      case .lower: "lower is better"
      case .neither: "does not judge"
      }
    let words = ranking.isBlind ? "\(direction); controls do as well" : direction
    let gray = Color(gray: 150)
    func height(_ index: Int) -> Double { Double(index) + 0.5 }
    let bars = standings.enumerated().compactMap { index, standing in
      standing.mean.map { mean in
        ChartSeries.line(
          "",
          [Point(x: mean.lower, y: height(index)), Point(x: mean.upper, y: height(index))],
          color: standing.candidate.isControl ? gray : Chart.palette[0], width: 1.2)
      }
    }
    func dots(ofControls isControl: Bool) -> [Point] {
      standings.enumerated().compactMap { index, standing in
        standing.candidate.isControl == isControl
          ? standing.mean.map { Point(x: $0.mean, y: height(index)) } : nil
      }
    }
    return Chart(
      title: ranking.column.name, x: ChartAxis(words),
      y: .categories(standings.map(\.candidate.name)),
      series: bars + [
        .scatter("", dots(ofControls: false), color: Chart.palette[0]),
        .scatter("", dots(ofControls: true), color: gray),
      ], textSize: 11)
  }
}
