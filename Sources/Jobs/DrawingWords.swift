import Explanations

/// What a figure says of a map in words.
struct DrawingWords {
  /// `grad-cam: zebra 99%`.
  let title: String
  let notes: [String]

  init(_ record: MapRecord) {
    let target = record.target
    let fact = Self.text(target.fact, target.probability)
    let foil = target.foil.map { " rather than \(Self.name($0))" } ?? ""
    title = "\(record.request.method.name): \(fact)\(foil)"
    var notes = ["\(record.input.path), \(record.request.model.file)."]
    if let best = record.prediction.first, best.index != target.fact.index {
      notes.append("Predicted: \(Self.text(best.classRecord, best.probability)).")
    }
    switch record.status {
    case "completeness-failed":
      notes.append("Not to be relied on: the map does not add up to the change of the score.")
    default: break
    }
    self.notes = notes
  }

  /// A class with its probability: `zebra 99%`.
  static func text(_ record: ClassRecord, _ probability: Float) -> String {
    let percent = Double(probability) * 100
    let digits = percent < 10 ? (percent * 10).rounded() / 10 : percent.rounded()
    let number = digits == digits.rounded() ? "\(Int(digits))" : "\(digits)"
    return "\(name(record)) \(number)%"
  }

  /// The first synonym.
  static func name(_ record: ClassRecord) -> String {
    record.name?.split(separator: ",").first.map(String.init) ?? "#\(record.index)"
  }
}
