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
    func rows(ofControls isControl: Bool) -> [(height: Double, interval: Interval)] {
      standings.enumerated().compactMap { index, standing in
        standing.candidate.isControl == isControl
          ? standing.mean.map { (Double(index) + 0.5, $0) } : nil
      }
    }
    return Chart(
      title: ranking.column.name, x: ChartAxis(words),
      y: .categories(standings.map(\.candidate.name)),
      series: .intervals("", rows(ofControls: false), color: Chart.palette[0], width: 1.2)
        + .intervals("", rows(ofControls: true), color: Color(gray: 150), width: 1.2), textSize: 11)
  }
}
