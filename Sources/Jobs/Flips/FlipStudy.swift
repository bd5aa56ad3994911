import Directions
import Explanations
import Foundation
import ImageCodecs
import Imaging
public import Measures
import Networks
import Rendering
import Tensors

/// What the nearest decision boundaries of many pictures say together: how sure the network is of which
/// pictures, between which classes its boundaries are near, and along which directions it is led astray.
///
/// It reads a run of the method `flip-points`. Distances are upper bounds, as the method's are.
///
/// Yousefzadeh, O'Leary: Interpreting Neural Networks Using Flip Points, 2019 (arXiv:1903.08789).
public struct FlipStudy: Sendable {
  static let method = FlipPoints.about.name

  /// How well distance and confidence tell wrong predictions from right ones.
  public struct Detection: Sendable, Codable {
    public let distance: ErrorDetection.Finding
    public let confidence: ErrorDetection.Finding
    /// The first less the second, of the same pictures.
    public let difference: ErrorDetection.Finding
  }

  /// Pictures of one class that flip to another.
  public struct Pair: Sendable, Codable {
    public let from: ClassRecord
    public let to: ClassRecord
    public let count: Int
    public let medianDistance: Double
    /// The pictures with the shortest distances, at most three: among training pictures, those that
    /// the method's authors hold to shape this boundary.
    public let nearest: [String]
  }

  /// All pictures that were looked at, in the order of the run.
  public let pictures: [FlippedPicture]
  /// Nil where it is not known what the pictures show.
  public let detection: Detection?
  /// By class, then by the class that is flipped to.
  public let pairs: [Pair]
  let directions: FlipDirections
  private let job: Job

  /// Reads the maps of a finished run. Throws where there are none of flip points.
  ///
  /// - Parameters:
  ///   - truth: what is known about the pictures beside the names of their folders.
  ///   - features: what displacements are compared by.
  public init(
    of job: Job, in store: ArtifactStore, truth: TruthTable?, features: FlipFeatures = .cells
  ) throws(JobError) {
    let labels = job.network.labels
    let classes = TrueClasses(
      labels: labels, classCount: job.network.classCount, annotations: truth)
    var pictures: [FlippedPicture] = []
    var displacements: [FlipDirections.Displacement] = []
    for item in job.scan.items {
      let stem = MapRecord.stem(ofPath: item.path, method: Self.method, tag: nil)
      guard let data = store.read("\(stem).json"),
        let record = try? JSONText.decode(MapRecord.self, from: data),
        let picture = FlippedPicture(record, truth: classes.truth(of: item), labels: labels)
      else { continue }
      pictures.append(picture)
      if record.counterpart != nil { displacements.append((stem, record)) }
    }
    guard !pictures.isEmpty else {
      throw JobError(.environment, "'\(store.folder)' holds no maps of \(Self.method)")
    }
    self.job = job
    self.pictures = pictures
    detection = Self.detection(in: pictures)
    pairs = Self.pairs(in: pictures)
    directions = try FlipDirections(of: displacements, by: features, in: store)
  }

  /// Pictures with a distance, the nearest to a boundary first.
  public var byDistance: [FlippedPicture] {
    Self.nearestFirst(pictures.filter { $0.distance != nil })
  }

  private static func nearestFirst(_ pictures: [FlippedPicture]) -> [FlippedPicture] {
    pictures.sorted { ($0.distance ?? 0, $0.path) < ($1.distance ?? 0, $1.path) }
  }

  /// How many pictures ended how.
  public var statuses: [String: Int] {
    pictures.reduce(into: [:]) { $0[$1.status, default: 0] += 1 }
  }

  /// Why nothing is said about directions; nil where something is.
  public var reasonWithoutDirections: String? { directions.summary.reason }

  public var medianDistance: Double? { Self.median(pictures.compactMap(\.distance)) }

  private static func detection(in pictures: [FlippedPicture]) -> Detection? {
    let known = pictures.filter { $0.truth != nil }
    guard !known.isEmpty else { return nil }
    let right = known.map { $0.isRight == true }
    let distances = known.map(\.distance)
    let confidences = known.map { Double($0.prediction.probability) as Double? }
    let measure = ErrorDetection()
    return Detection(
      distance: measure.area(of: distances, right: right),
      confidence: measure.area(of: confidences, right: right),
      difference: measure.difference(of: distances, and: confidences, right: right))
  }

  private static func pairs(in pictures: [FlippedPicture]) -> [Pair] {
    var groups: [[ClassIndex]: [FlippedPicture]] = [:]
    for picture in pictures where picture.distance != nil {
      guard let foil = picture.foil else { continue }
      groups[[picture.prediction.index, foil.index], default: []].append(picture)
    }
    return groups.sorted { $0.key.lexicographicallyPrecedes($1.key) }.compactMap { _, group in
      guard let from = group.first?.prediction.classRecord, let to = group.first?.foil,
        let median = median(group.compactMap(\.distance))
      else { return nil }
      return Pair(
        from: from, to: to, count: group.count, medianDistance: median,
        nearest: nearestFirst(group).prefix(3).map(\.path))
    }
  }

  private static func median(_ values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  // MARK: - Writing

  /// Writes flips.csv, pairs.csv, flips.json, and figures as far as there is something to show.
  public func write(to store: ArtifactStore) throws(JobError) {
    let pairTable = pairs.reduce(
      CSV.line(["from", "to", "pictures", "median_distance", "nearest"])
    ) { table, pair in
      table
        + CSV.line([
          DrawingWords.name(pair.from), DrawingWords.name(pair.to), "\(pair.count)",
          "\(pair.medianDistance)", pair.nearest.first ?? "",
        ])
    }
    try store.write(
      (FlippedPicture.header + pictures.map(\.line).joined()).utf8, named: "flips.csv")
    try store.write(pairTable.utf8, named: "pairs.csv")
    do {
      try store.write(try JSONText.page(Summary(self)), named: "flips.json")
      let figures = FlipFigures(study: self)
      let items = Dictionary(job.scan.items.map { ($0.path, $0) }) { first, _ in first }
      for (name, figure) in [
        ("confidence.png", figures.scatter), ("pairs.png", figures.matrix),
        ("pictures.png", figures.pictures { items[$0.path].flatMap(job.thumbnail) }),
      ] {
        guard let figure else { continue }
        try store.write(figure: figure, telling: "flips", named: name)
      }
      try directions.write(to: store)
    } catch {
      throw error as? JobError ?? JobError(.environment, "the figures cannot be drawn: \(error)")
    }
  }

  /// What flips.json says.
  private struct Summary: Encodable {
    let schema = "tidemark.flips/1"
    let pictures: Int
    let statuses: [String: Int]
    let medianDistance: Double?
    let detection: Detection?
    let leastRobust: [String]
    let mostRobust: [String]
    let pairs: [Pair]
    let directions: FlipDirections.Summary

    init(_ study: FlipStudy) {
      pictures = study.pictures.count
      statuses = study.statuses
      medianDistance = study.medianDistance
      detection = study.detection
      let ordered = study.byDistance.map(\.path)
      leastRobust = Array(ordered.prefix(20))
      mostRobust = Array(ordered.reversed().prefix(20))
      pairs = study.pairs
      directions = study.directions.summary
    }
  }
}
