import Foundation
import Imaging
public import Measures
import Networks
import Rendering

/// Whether boundary saliency and the gradient come nearer to each other as a network is smoothed, as
/// Wang, Fredrikson and Datta say of smoothed and of robust networks, and whether attributions from the
/// boundary depend less on what should not matter than those from a baseline.
///
/// Robust Models Are More Interpretable Because Attributions Look Normal, 2021 (arXiv:2103.11257).
public struct SmoothingStudy: Sendable {
  /// All pictures of a network at one deviation.
  public struct Level: Sendable, Codable {
    public let network: String
    public let deviation: Double
    /// Means over pictures; nil for fewer than two that can be compared.
    public let cosine: Interval?
    public let rank: Interval?
    /// Between the maps at length 1.
    public let distance: Interval?
    /// To the boundary, in pixel units.
    public let boundary: Interval?
  }

  /// All pictures of a network for one variant.
  public struct Sensitivity: Sendable, Codable {
    public let network: String
    public let variant: String
    public let cosine: Interval?
    public let rank: Interval?
    /// The cosine less that among baselines, of the same pictures.
    public let gain: Interval?
  }

  public let levels: [Level]
  public let sensitivity: [Sensitivity]
  private let pictures: [(network: String, found: [SmoothedPicture])]

  /// Reads what the runners wrote. Throws where there is nothing.
  public init(
    of members: [SmoothingStudyRunner.Member], in store: ArtifactStore
  ) throws(JobError) {
    pictures = members.map { member in
      (
        member.name,
        member.job.scan.items.compactMap { item in
          store.read(SmoothingStudyRunner.file(of: item.path, network: member.name))
            .flatMap { try? JSONText.decode(SmoothedPicture.self, from: $0) }
        }
      )
    }
    guard pictures.contains(where: { !$0.found.isEmpty }) else {
      throw JobError(.environment, "'\(store.folder)' holds no pictures of a study")
    }
    let bootstrap = PairedBootstrap()
    levels = pictures.flatMap { network, found in
      (found.first?.levels.indices ?? 0..<0).map { index in
        let levels = found.map { $0.levels[index] }
        return Level(
          network: network, deviation: levels[0].deviation,
          cosine: bootstrap.mean(of: levels.map { $0.similarity?.cosine }),
          rank: bootstrap.mean(of: levels.map { $0.similarity?.rank }),
          distance: bootstrap.mean(of: levels.map { $0.similarity?.distance }),
          boundary: bootstrap.mean(of: levels.map(\.distance)))
      }
    }
    sensitivity = pictures.flatMap { network, found in
      (found.first?.sensitivity.indices ?? 0..<0).map { index in
        let variants = found.map { $0.sensitivity[index] }
        let baselines = found.map { $0.sensitivity[0].similarity?.cosine }
        let cosines = variants.map { $0.similarity?.cosine }
        return Sensitivity(
          network: network, variant: variants[0].variant,
          cosine: bootstrap.mean(of: cosines),
          rank: bootstrap.mean(of: variants.map { $0.similarity?.rank }),
          gain: index == 0 ? nil : bootstrap.difference(of: cosines, and: baselines))
      }
    }
  }

  // MARK: - Writing

  /// Writes pictures.csv, smoothing.csv, sensitivity.csv, study.json and smoothing.png.
  public func write(to store: ArtifactStore) throws(JobError) {
    try store.write(pictureTable.utf8, named: "pictures.csv")
    try store.write(
      Self.table(
        ["network", "deviation"], ["cosine", "rank", "distance", "boundary"],
        levels.map {
          ([$0.network, "\($0.deviation)"], [$0.cosine, $0.rank, $0.distance, $0.boundary])
        }
      ).utf8, named: "smoothing.csv")
    if !sensitivity.isEmpty {
      try store.write(
        Self.table(
          ["network", "variant"], ["cosine", "rank", "gain"],
          sensitivity.map { ([$0.network, $0.variant], [$0.cosine, $0.rank, $0.gain]) }
        ).utf8, named: "sensitivity.csv")
    }
    do {
      try store.write(try JSONText.page(Summary(self)), named: "study.json")
      try store.write(figure: figure, telling: "study", named: "smoothing.png")
    } catch {
      throw error as? JobError ?? JobError(.environment, "the figure cannot be drawn: \(error)")
    }
  }

  private struct Summary: Encodable {
    let schema = "tidemark.smoothing-study/1"
    let levels: [Level]
    let sensitivity: [Sensitivity]

    init(_ study: SmoothingStudy) {
      levels = study.levels
      sensitivity = study.sensitivity
    }
  }

  private static func table(
    _ names: [String], _ columns: [String], _ lines: [(names: [String], values: [Interval?])]
  ) -> String {
    let bounds = columns.flatMap { [$0, "\($0)_lower", "\($0)_upper"] }
    var table = CSV.line(names + bounds + ["pictures"])
    for line in lines {
      var fields = line.names
      for interval in line.values {
        for number in [interval?.mean, interval?.lower, interval?.upper] {
          fields.append(number.map { "\($0)" } ?? "")
        }
      }
      fields.append("\(line.values.first??.count ?? 0)")
      table += CSV.line(fields)
    }
    return table
  }

  private var pictureTable: String {
    var table = CSV.line([
      "network", "path", "deviation", "fact", "foil", "boundary", "cosine", "rank", "distance",
      "status",
    ])
    for (network, found) in pictures {
      for picture in found {
        for level in picture.levels {
          let numbers = [
            level.distance, level.similarity?.cosine, level.similarity?.rank,
            level.similarity?.distance,
          ].map { $0.map { "\($0)" } ?? "" }
          table += CSV.line(
            [
              network, picture.path, "\(level.deviation)", DrawingWords.name(level.fact),
              level.foil.map(DrawingWords.name) ?? "",
            ] + numbers + [level.status])
        }
      }
    }
    return table
  }

  private var figure: Bitmap {
    var series: [ChartSeries] = []
    for (index, network) in pictures.map(\.network).enumerated() {
      let color = Chart.palette[index % Chart.palette.count]
      let own = levels.filter { $0.network == network }
      let points = own.compactMap { level in
        level.cosine.map { (level.deviation, $0) }
      }
      series.append(
        .line(network, points.map { Point(x: $0.0, y: $0.1.mean) }, color: color))
      series.append(
        .scatter("", points.map { Point(x: $0.0, y: $0.1.mean) }, color: color))
      series += points.map { deviation, interval in
        .line(
          "", [Point(x: deviation, y: interval.lower), Point(x: deviation, y: interval.upper)],
          color: color, width: 1.2)
      }
    }
    return Chart(
      title: "Boundary saliency against the gradient, as the network is smoothed",
      x: ChartAxis("deviation of the noise, pixels 0...1"),
      y: ChartAxis("cosine of the two maps, 95 % intervals"), series: series
    ).rendered(size: PixelSize(width: 720, height: 480))
  }
}
