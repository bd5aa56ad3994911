import Explanations
import Networks
import Rendering

/// What came out of a run.
public struct RunSummary: Sendable {
  /// Maps that were made, were there already, and could not be made.
  public internal(set) var finishedCount = 0
  public internal(set) var unchangedCount = 0
  /// Maps that are there, but say themselves that they are not to be relied on.
  public internal(set) var doubtfulCount = 0
  public internal(set) var pictureCount = 0
  /// Sorted by path.
  public internal(set) var failures: [MapFailure] = []
  /// Pictures that the contact sheet leaves out because there are too many.
  public internal(set) var pictureCountBeyondSheet = 0

  /// Whether nothing at all came out.
  public var isEmpty: Bool { finishedCount + unchangedCount == 0 }

  static let name = "summary.csv"

  var counts: [String: Int] {
    [
      "pictures": pictureCount, "finished": finishedCount, "unchanged": unchangedCount,
      "failed": failures.count,
    ]
  }
}

/// What `summary.csv` and the contact sheet tell of one map, or of a picture that failed.
struct SummaryLine: Sendable, Codable, Equatable {
  var path: String
  var method: String?
  var target: String?
  var status: String
  var prediction: MapRecord.Guess?
  var asked: MapRecord.Target?
  var scale: Float?
  /// What the overlay is drawn with.
  var colorMap: ColorMap?
  /// Where the files lie in the run folder, without their suffixes.
  var stem: String?
  var key: ContentDigest?
  var reason: String?

  init(_ record: MapRecord) {
    path = record.input.path
    method = record.request.method.name
    target = record.request.target
    status = record.status
    prediction = record.prediction.first
    asked = record.target
    scale = record.drawing.scale
    colorMap = record.drawing.colorMap
    let tag = record.request.target == "predicted" ? nil : record.request.target
    stem =
      "maps/\(path)/" + [record.request.method.name, tag].compactMap(\.self).joined(separator: ".")
    key = record.key
  }

  init(_ failure: MapFailure) {
    path = failure.path
    method = failure.method
    target = failure.target
    status = "failed"
    reason = failure.reason
  }

  static func lines(of outcome: ItemOutcome) -> [SummaryLine] {
    outcome.maps.map { map in
      switch map {
      case .finished(let record, _), .unchanged(let record): SummaryLine(record)
      case .failed(let failure): SummaryLine(failure)
      }
    }
  }

  // MARK: - CSV

  static let header = [
    "path", "method", "target", "status", "predicted_index", "predicted", "predicted_probability",
    "fact_index", "fact", "fact_probability", "foil_index", "foil", "score", "scale", "files",
    "reason",
  ]

  var fields: [String] {
    func text(_ value: (some CustomStringConvertible)?) -> String { value?.description ?? "" }
    return [
      path, text(method), text(target), status, text(prediction?.index), text(prediction?.name),
      text(prediction?.probability), text(asked?.fact.index), text(asked?.fact.name),
      text(asked?.probability), text(asked?.foil?.index), text(asked?.foil?.name),
      text(asked?.score), text(scale), text(stem), text(reason),
    ]
  }

  static func table(_ lines: some Sequence<SummaryLine>) -> String {
    lines.reduce(into: CSV.line(header)) { $0 += CSV.line($1.fields) }
  }
}
