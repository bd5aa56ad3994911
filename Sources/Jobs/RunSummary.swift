import Explanations
public import ImageCodecs
import Networks
import Rendering

/// What came out of a run.
public struct RunSummary: Sendable {
  /// Maps that were made, whose numbers were there already and which were drawn anew, and which were
  /// there already as they should be.
  public internal(set) var finishedCount = 0
  public internal(set) var redrawnCount = 0
  public internal(set) var unchangedCount = 0
  /// Maps that are there, but say themselves that they are not to be relied on.
  public internal(set) var doubtfulCount = 0
  public internal(set) var pictureCount = 0
  /// Sorted by path.
  public internal(set) var failures: [MapFailure] = []
  /// Methods that were passed over because they do not fit the network, and why, sorted by name.
  public internal(set) var omissions: [(method: String, reason: String)] = []
  /// Of how many pictures decoding had to tell something.
  public internal(set) var notes: [DecodeNote: Int] = [:]
  /// Pictures that the contact sheet leaves out because there are too many.
  public internal(set) var pictureCountBeyondSheet = 0

  /// Maps that are there.
  public var mapCount: Int { finishedCount + redrawnCount + unchangedCount }

  /// Whether nothing at all came out.
  public var isEmpty: Bool { mapCount == 0 }

  static let name = "summary.csv"

  var counts: [String: Int] {
    [
      "pictures": pictureCount, "finished": finishedCount, "redrawn": redrawnCount,
      "unchanged": unchangedCount, "failed": failures.count,
    ]
  }
}

extension RunSummary {
  /// Counts what became of maps.
  mutating func count(_ lines: [[SummaryLine]]) {
    for notes in lines.compactMap({ $0.lazy.compactMap(\.notes).first }) {
      for note in notes { self.notes[note, default: 0] += 1 }
    }
    for line in lines.joined() {
      switch line.fate {
      case .finished: finishedCount += 1
      case .redrawn: redrawnCount += 1
      case .unchanged: unchangedCount += 1
      case .failed: continue
      }
      if line.status != Explanation.Status.complete.code { doubtfulCount += 1 }
    }
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
  var drawing: MapRecord.Drawing?
  /// What the map's values mean.
  var sign: AttributionMap.Sign?
  /// Where the files lie in the run folder, without their suffixes.
  var stem: String?
  var key: ContentDigest?
  /// What decoding had to tell.
  var notes: [DecodeNote]?
  var reason: String?
  /// What this run did about it; no part of what is told.
  var fate = Fate.unchanged

  enum Fate: Sendable { case finished, redrawn, unchanged, failed }

  private enum CodingKeys: CodingKey {
    case path, method, target, status, prediction, asked, drawing, sign, stem, key, notes, reason
  }

  init(_ record: MapRecord, _ fate: Fate) {
    self.fate = fate
    path = record.input.path
    method = record.request.method.name
    target = record.request.target
    status = record.status
    prediction = record.prediction.first
    asked = record.target
    drawing = record.drawing
    sign = record.map.sign
    let tag = record.request.target == "predicted" ? nil : record.request.target
    stem = MapRecord.stem(ofPath: path, method: record.request.method.name, tag: tag)
    key = record.key
    notes = record.input.notes
  }

  init(_ failure: MapFailure) {
    path = failure.path
    method = failure.method
    target = failure.target
    status = "failed"
    fate = .failed
    reason = failure.reason
  }

  static func lines(of outcome: ItemOutcome) -> [SummaryLine] {
    outcome.maps.map { map in
      switch map {
      case .finished(let record, _): SummaryLine(record, .finished)
      case .redrawn(let record): SummaryLine(record, .redrawn)
      case .unchanged(let record): SummaryLine(record, .unchanged)
      case .failed(let failure): SummaryLine(failure)
      }
    }
  }

  /// For each method the largest of its maps' own scales.
  static func largestScales(of lines: some Sequence<SummaryLine>) -> [String: Float] {
    lines.reduce(into: [:]) { scales, line in
      guard let method = line.method, let drawing = line.drawing, drawing.found == .normal else {
        return
      }
      scales[method] = max(scales[method] ?? 0, drawing.ownScale)
    }
  }

  // MARK: - CSV

  static let header = [
    "path", "method", "target", "status", "predicted_index", "predicted", "predicted_probability",
    "fact_index", "fact", "fact_probability", "foil_index", "foil", "score", "scale", "files",
    "notes", "reason",
  ]

  var fields: [String] {
    func text(_ value: (some CustomStringConvertible)?) -> String { value?.description ?? "" }
    return [
      path, text(method), text(target), status, text(prediction?.index), text(prediction?.name),
      text(prediction?.probability), text(asked?.fact.index), text(asked?.fact.name),
      text(asked?.probability), text(asked?.foil?.index), text(asked?.foil?.name),
      text(asked?.score), text(drawing?.scale), text(stem),
      text(notes?.map(\.rawValue).joined(separator: " ")), text(reason),
    ]
  }

  static func table(_ lines: some Sequence<SummaryLine>) -> String {
    lines.reduce(into: CSV.line(header)) { $0 += CSV.line($1.fields) }
  }
}

extension [SummaryLine] {
  /// Takes over what drawing on a shared scale has made of a picture's maps.
  mutating func update(with drawn: [SummaryLine]) {
    for var line in drawn {
      guard let index = firstIndex(where: { $0.method == line.method && $0.stem == line.stem })
      else {
        append(line)
        continue
      }
      // A map that this run has made is no less made for having been drawn later.
      if line.fate == .unchanged || self[index].fate == .finished { line.fate = self[index].fate }
      self[index] = line
    }
  }
}
