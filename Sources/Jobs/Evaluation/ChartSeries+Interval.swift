import Measures
import Rendering

extension [ChartSeries] {
  /// A dot for each mean and a bar for its interval, at heights of a chart with rows.
  static func intervals(
    _ name: String, _ rows: [(height: Double, interval: Interval)], color: Color, width: Double
  ) -> [ChartSeries] {
    rows.map { height, interval in
      .line(
        "", [Point(x: interval.lower, y: height), Point(x: interval.upper, y: height)],
        color: color, width: width)
    } + [.scatter(name, rows.map { Point(x: $0.interval.mean, y: $0.height) }, color: color)]
  }
}
