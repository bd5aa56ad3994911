import Measures

/// What was measured of all pictures: a value, or none, for each measure, method and picture.
struct EvaluationTable: Sendable {
  /// Somebody whose maps were measured.
  struct Candidate: Sendable, Hashable {
    let name: String
    let isControl: Bool
  }

  /// A measure, or what becomes of it over several pictures.
  struct Column: Sendable {
    let name: String
    let about: MeasureDescription
  }

  let candidates: [Candidate]
  let columns: [Column]
  let paths: [String]
  /// By column, candidate and picture.
  private var values: [[[Double?]]]
  /// By column and candidate: why maps have no value, and how many.
  private var reasons: [[[String: Int]]]
  /// By candidate and picture: overlaps for each threshold of `LocalizationIoU`.
  private var profiles: [[[Double]?]]

  init(candidates: [Candidate], measures: [MeasureDescription], paths: [String]) {
    self.candidates = candidates
    self.paths = paths
    columns = measures.flatMap { about in
      about.name == LocalizationIoU.about.name
        ? [Column(name: about.name, about: about), Self.success]
        : [Column(name: about.name, about: about)]
    }
    let none = [Double?](repeating: nil, count: paths.count)
    values = columns.map { _ in candidates.map { _ in none } }
    reasons = columns.map { _ in candidates.map { _ in [:] } }
    profiles = candidates.map { _ in Array(repeating: nil, count: paths.count) }
  }

  /// The share of pictures that `LocalizationIoU` judges a success.
  private static let success = Column(
    name: "localization-success",
    about: MeasureDescription(
      name: "localization-success", group: .localization,
      summary:
        "Share of pictures whose box is found with an overlap above 0.5, by a threshold that "
        + "the other half of the pictures chose.",
      source: LocalizationIoU.about.source, better: .higher, range: "0...1",
      needs: LocalizationIoU.about.needs))

  /// The mean over a picture's targets where there are several.
  mutating func add(_ picture: MeasuredPicture, at index: Int) {
    for (number, candidate) in candidates.enumerated() {
      let maps = picture.maps.filter {
        $0.method == candidate.name && $0.isControl == candidate.isControl
      }
      for (place, column) in columns.enumerated() {
        let found = maps.compactMap { $0.values[column.name] }
        values[place][number][index] = Self.mean(found.compactMap(\.value))
        for reason in found.compactMap(\.reason) {
          reasons[place][number][reason, default: 0] += 1
        }
      }
      let overlaps = maps.compactMap { $0.values[LocalizationIoU.about.name]?.series["iou"] }
      if let first = overlaps.first {
        profiles[number][index] = first.indices.map { place in
          overlaps.reduce(0) { $0 + $1[place] } / Double(overlaps.count)
        }
      }
    }
  }

  private static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  /// Judges localisation by thresholds that other pictures chose; to be called once, when all pictures
  /// are there.
  mutating func tune() {
    guard let overlap = columns.firstIndex(where: { $0.name == LocalizationIoU.about.name }) else {
      return
    }
    for number in candidates.indices {
      let known = paths.indices.filter { profiles[number][$0] != nil }
      let tuned = TunedLocalization(
        known.map { (paths[$0], profiles[number][$0] ?? []) })
      for index in paths.indices {
        values[overlap][number][index] = nil
        values[overlap + 1][number][index] = nil
      }
      guard let tuned else { continue }
      for (index, result) in zip(known, tuned.results) {
        values[overlap][number][index] = result.overlap
        values[overlap + 1][number][index] = result.isSuccess ? 1 : 0
      }
    }
  }

  /// For each picture, in the order of `paths`.
  func values(of column: Int, _ candidate: Int) -> [Double?] { values[column][candidate] }

  func reasons(of column: Int, _ candidate: Int) -> [String: Int] { reasons[column][candidate] }

  /// Whether there is any value at all.
  func isMeasured(_ column: Int) -> Bool {
    values[column].contains { $0.contains { $0 != nil } }
  }
}
