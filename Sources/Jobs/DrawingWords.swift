import Boundaries
import Explanations
import Foundation

/// What a figure says of a map in words.
struct DrawingWords {
  /// `grad-cam: zebra 99%`.
  let title: String
  let notes: [String]
  /// What an overlay must say; nil for nothing.
  let caption: String?
  /// The best class: `zebra 99%`.
  let best: String
  /// The same of the counterpart; empty where there is none.
  let counterpart: String
  /// How far away the counterpart is.
  let change: String

  init(_ record: MapRecord) {
    let target = record.target
    let fact = Self.text(target.fact, target.probability)
    let foil = target.foil.map { " rather than \(Self.name($0))" } ?? ""
    title = "\(record.request.method.name): \(fact)\(foil)"
    var notes = ["\(record.input.path), \(record.request.model.file)."]
    if let best = record.prediction.first, best.index != target.fact.index {
      notes.append("Predicted: \(Self.text(best.classRecord, best.probability)).")
    }
    let values = record.diagnostics.values
    if record.map.standardError != nil, let error = values["relativeError"] {
      let samples = values["samples"].map { " from \(Int($0)) samples" } ?? ""
      let percent = error < 10 ? "\(Int((error * 100).rounded())) %" : "far beyond its size"
      notes.append("Estimated\(samples); standard error of the map as a whole: \(percent).")
    }
    switch record.status {
    case "completeness-failed":
      notes.append("Not to be relied on: the map does not add up to the change of the score.")
    case "uncertain":
      notes.append(
        "Not to be relied on: sampling ended before the map was as certain as asked for.")
    case "not-converged":
      notes.append("Not quite finished: the limit of steps ended the search while it still gained.")
    case "mask-collapsed":
      notes.append("Not to be relied on: the mask collapsed; this is the last before that.")
    case "vanishing-target":
      notes.append("Not to be relied on: the class has next to no probability to go by.")
    case "background-shows-class":
      notes.append("Not to be relied on: what should show nothing still shows the class.")
    case "all-regions-kept":
      notes.append("Every region is kept, so that none stands out.")
    case "boundary-too-near":
      notes.append(
        "The decision changes next to the picture; what lies between is next to nothing.")
    case "parallel-classes":
      notes.append("Both classes have the same weights: no boundary lies between them.")
    case "third-class-leads":
      notes.append("Wherever both classes tie, a third one leads.")
    case "inverse-drift":
      notes.append("Not to be relied on: the inverse does not restore what it should.")
    default: break
    }
    let boundary = BoundaryStatus(rawValue: record.status)
    if let boundary { notes.append(boundary.summary) }
    best = record.prediction.first.map { Self.text($0.classRecord, $0.probability) } ?? ""
    let guesses = record.counterpart?.prediction ?? []
    var counterpart = guesses.map { Self.text($0.classRecord, $0.probability) }
      .joined(separator: ", ")
    change = values["distance"].map { "distance \(Self.number($0))" } ?? "difference"
    if let tie = Tie(record) {
      if let outside = tie.outside {
        counterpart += "\n" + outside.joined(separator: "\n")
        notes.append("Of the counterpart, \(outside.joined(separator: " ")).")
      }
      caption = "ties with \(tie.foil), \(change)\(tie.flip.map { "; flips at \($0)" } ?? "")"
      notes.append(
        "The nearest tie of features: \(tie.foil), \(change) in pixels"
          + (tie.flip.map { "; the nearest flip point that is known: \($0)" } ?? "") + ".")
    } else if let other = guesses.first(where: { $0.index != target.fact.index }) {
      caption = "flips to \(Self.name(other.classRecord)), \(change)"
      notes.append(
        "The nearest other class that is known: \(Self.name(other.classRecord)), \(change).")
    } else {
      caption = boundary?.summary
    }
    self.counterpart = counterpart
    self.notes = notes
  }

  /// What is said of a counterpart on the boundary that was found among features.
  private struct Tie {
    let foil: String
    /// How far the nearest flip point is.
    let flip: String?
    /// How much of it cannot be shown, in two short lines.
    let outside: [String]?

    init?(_ record: MapRecord) {
      let values = record.diagnostics.values
      guard let guesses = record.counterpart?.prediction, values["featureDistance"] != nil,
        let index = values["foil"]
      else { return nil }
      let other =
        guesses.first { Double($0.index) == index }?.classRecord ?? ClassRecord(index: Int(index))
      foil = DrawingWords.name(other)
      flip = values["flipDistance"].map(DrawingWords.number)
      outside = values["outside"].flatMap { outside in
        guard outside > 0, let share = values["outsideShare"] else { return nil }
        let percent = DrawingWords.number(100 * share)
        return [
          "\(percent) % of pixels are beyond 0...1",
          "by up to \(DrawingWords.number(outside)), drawn clipped",
        ]
      }
    }
  }

  /// Three digits.
  static func number(_ value: Double) -> String {
    guard value > 0, value.isFinite else { return "\(value)" }
    let unit = pow(10, 2 - log10(value).rounded(.down))
    return "\((value * unit).rounded() / unit)"
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
