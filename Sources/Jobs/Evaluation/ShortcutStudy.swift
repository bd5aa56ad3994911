import Foundation
import Imaging
public import Measures
import Networks
import Rendering

/// Whether methods find a mark that a network relies on: two evaluations of the same pictures, one of
/// maps for a network that learned from pictures whose marks tell the class, one for a network that
/// learned from pictures whose marks tell nothing, both held against where the marks are.
///
/// An honest method puts much of what speaks for the class on the mark for the first network, and no more
/// than chance for the second.
///
/// Lapuschkin, Wäldchen, Binder, Montavon, Samek, Müller: Unmasking Clever Hans predictors and assessing
/// what machines really learn, 2019 (arXiv:1902.10178).
public struct ShortcutStudy: Sendable {
  /// One method's energy on the mark, as shares of all that speaks for the class.
  public struct Line: Sendable, Codable {
    public let method: String
    public let isControl: Bool
    /// For the network that relies on marks, and for the one that cannot.
    public let relying: Interval?
    public let honest: Interval?
    /// The first less the second, picture by picture.
    public let difference: Interval?

    /// Whether the method tells the two networks apart.
    public var finds: Bool { difference.map { $0.lower > 0 } ?? false }
  }

  /// Methods in the order of the run, then controls.
  public let lines: [Line]
  public let pictureCount: Int

  private static let measure = EnergyInBox.about.name

  /// Reads two evaluations of the same pictures. Throws where one of them holds none.
  ///
  /// - Parameters:
  ///   - relying: the evaluation's folder for the network that learned from telling marks.
  ///   - honest: the one for the network that learned from marks that tell nothing.
  public init(relying: String, honest: String) throws(JobError) {
    let (first, second) = (try Self.pictures(in: relying), try Self.pictures(in: honest))
    let paths = Set(first.keys).intersection(second.keys).sorted()
    guard let example = paths.first.flatMap({ first[$0] }) else {
      throw JobError(
        .environment, "'\(relying)' and '\(honest)' hold no measures of the same pictures")
    }
    func values(
      _ map: MeasuredMap, in pictures: [String: MeasuredPicture]
    ) -> [Double?] {
      paths.map { path in
        pictures[path]?.maps.first {
          $0.method == map.method && $0.isControl == map.isControl
        }?.values[Self.measure]?.value
      }
    }
    let bootstrap = PairedBootstrap()
    lines = example.maps.map { map in
      let (relying, honest) = (values(map, in: first), values(map, in: second))
      return Line(
        method: map.method, isControl: map.isControl, relying: bootstrap.mean(of: relying),
        honest: bootstrap.mean(of: honest),
        difference: bootstrap.difference(of: relying, and: honest))
    }
    pictureCount = paths.count
  }

  private static func pictures(
    in folder: String
  ) throws(JobError) -> [String: MeasuredPicture] {
    let below = "\(folder)/\(EvaluationPipeline.folder)"
    let names = FileManager.default.enumerator(atPath: below)?.compactMap { $0 as? String } ?? []
    var pictures: [String: MeasuredPicture] = [:]
    for name in names where name.hasSuffix(".json") {
      do {
        let data = try Data(contentsOf: URL(filePath: "\(below)/\(name)"))
        let picture = try JSONText.decode(MeasuredPicture.self, from: data)
        pictures[picture.path] = picture
      } catch {
        throw JobError(.environment, "\(below)/\(name): \(JSONText.reason(error))")
      }
    }
    return pictures
  }

  /// Writes study.csv, study.json and study.png.
  public func write(to store: ArtifactStore) throws(JobError) {
    var table = CSV.line([
      "method", "control", "relying", "relying_lower", "relying_upper", "honest", "honest_lower",
      "honest_upper", "difference", "difference_lower", "difference_upper", "finds",
    ])
    for line in lines {
      let numbers = [line.relying, line.honest, line.difference].flatMap { interval in
        [interval?.mean, interval?.lower, interval?.upper].map { $0.map { "\($0)" } ?? "" }
      }
      table += CSV.line(
        [line.method, line.isControl ? "yes" : "no"] + numbers + [line.finds ? "yes" : "no"])
    }
    try store.write(table.utf8, named: "study.csv")
    do {
      try store.write(try JSONText.page(lines), named: "study.json")
      try store.write(figure: figure, telling: "study", named: "study.png")
    } catch {
      throw error as? JobError ?? JobError(.environment, "the figure cannot be drawn: \(error)")
    }
  }

  private var figure: Bitmap {
    chart.rendered(size: PixelSize(width: 760, height: 130 + 20 * lines.count))
  }

  private var chart: Chart {
    func series(
      _ name: String, _ color: Color, offset: Double, _ interval: (Line) -> Interval?
    ) -> [ChartSeries] {
      .intervals(
        name,
        lines.enumerated().compactMap { index, line in
          interval(line).map { (Double(index) + 0.5 + offset, $0) }
        }, color: color, width: 1.4)
    }
    return Chart(
      title: "Share of what speaks for the class that lies on the mark",
      x: ChartAxis("energy in the mark's box, \(pictureCount) pictures, 95 % intervals"),
      y: .categories(lines.map { $0.isControl ? "(\($0.method))" : $0.method }),
      series: series("network that learned from marks", Chart.palette[3], offset: -0.14) {
        $0.relying
      } + series("network that could not", Chart.palette[0], offset: 0.14) { $0.honest })
  }
}
