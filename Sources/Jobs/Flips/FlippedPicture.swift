import Foundation
import Networks
import Samples

/// How far a picture is from another decision: a line of `flips.csv`.
public struct FlippedPicture: Sendable, Codable {
  public let path: String
  /// `complete`, or why there is no distance, or none to rely on.
  public let status: String
  /// What the picture shows, where that is known.
  public let truth: ClassRecord?
  public let prediction: MapRecord.Guess
  /// The class that the decision flips to.
  public let foil: ClassRecord?
  /// In the norm that was asked for; nil where nothing flips.
  public let distance: Double?
  public let l2: Double?
  public let linf: Double?
  public let meanAbsolute: Double?
  /// Score of the predicted class less the foil's, for the picture as it is.
  public let margin: Double?
  /// 0 where the displacement is along the boundary's normal, as it is at every smooth minimum.
  public let optimalityResidual: Double?
  public let backwardPasses: Int

  /// Nil where the sidecar tells no prediction.
  init?(_ record: MapRecord, truth: ClassRecord?, labels: [String]) {
    guard let prediction = record.prediction.first else { return nil }
    let values = record.diagnostics.values
    path = record.input.path
    status = record.status
    self.truth = truth
    self.prediction = prediction
    foil = values["foil"].map { ClassRecord(Int($0), labels: labels) }
    distance = values["distance"]
    l2 = values["l2"]
    linf = values["linf"]
    meanAbsolute = values["meanAbsolute"]
    margin = values["startMargin"]
    optimalityResidual = values["optimalityResidual"]
    backwardPasses = record.diagnostics.backwardPasses
  }

  /// Whether the prediction is right, where that is known.
  public var isRight: Bool? { truth.map { $0.index == prediction.index } }

  static let header = CSV.line([
    "path", "status", "true", "predicted", "right", "confidence", "foil", "distance", "l2", "linf",
    "mean_absolute", "margin", "optimality_residual", "backward_passes",
  ])

  var line: String {
    func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
    return CSV.line([
      path, status, truth.map(DrawingWords.name) ?? "", DrawingWords.name(prediction.classRecord),
      isRight.map { $0 ? "yes" : "no" } ?? "", "\(prediction.probability)",
      foil.map(DrawingWords.name) ?? "", text(distance), text(l2), text(linf), text(meanAbsolute),
      text(margin), text(optimalityResidual), "\(backwardPasses)",
    ])
  }
}

/// What pictures show, as far as their folders or annotations tell.
struct TrueClasses {
  let labels: [String]
  let classCount: Int
  let annotations: TruthTable?

  /// The class that annotations name, or else the one that the picture's folder is called after: by name,
  /// by one of its synonyms, or where the network's classes have no names by index.
  func truth(of item: WorkItem) -> ClassRecord? {
    let folder = item.path.split(separator: "/").dropLast().last.map(String.init)
    guard let name = annotations?.entry(for: item)?.kind ?? folder else { return nil }
    if labels.isEmpty {
      return Int(name).flatMap { (0..<classCount).contains($0) ? ClassRecord($0, labels: []) : nil }
    }
    let wanted = Self.plain(name)
    let index = labels.firstIndex { label in
      Self.plain(label) == wanted
        || label.split(separator: ",").contains { Self.plain($0) == wanted }
    }
    return index.map { ClassRecord($0, labels: labels) }
  }

  private static func plain(_ text: some StringProtocol) -> String {
    text.trimmingCharacters(in: .whitespaces).lowercased().replacing("_", with: " ")
  }
}
