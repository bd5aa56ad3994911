import Explanations
import Foundation
import ImageCodecs
import Measures
import Networks

/// An evaluation as files and texts.
struct EvaluationReport: Sendable {
  static let schema = "tidemark.evaluation/1"

  let table: EvaluationTable
  /// By column that holds anything, in the table's order.
  let rankings: [MeasureRanking]
  let bootstrap: PairedBootstrap

  // MARK: - CSV

  /// A line for each picture and candidate, a column for each measure, empty where there is no value.
  var pictures: String {
    let shown = table.columns.indices.filter { table.isMeasured($0) }
    var text = CSV.line(
      ["path", "method", "control"] + shown.map { table.columns[$0].name })
    for (index, path) in table.paths.enumerated() {
      for (number, candidate) in table.candidates.enumerated() {
        let values = shown.map { table.values(of: $0, number)[index] }
        guard values.contains(where: { $0 != nil }) else { continue }
        text += CSV.line(
          [path, candidate.name, candidate.isControl ? "yes" : "no"]
            + values.map { $0.map { "\($0)" } ?? "" })
      }
    }
    return text
  }

  /// A line for each measure and candidate, the best first.
  var summary: String {
    var text = CSV.line([
      "measure", "better", "controls_separated", "place", "method", "control", "pictures",
      "undefined", "mean", "lower", "upper", "from_best", "from_best_lower", "from_best_upper",
      "from_control", "from_control_lower", "from_control_upper",
    ])
    func fields(_ interval: Interval?) -> [String] {
      [interval?.mean, interval?.lower, interval?.upper].map { $0.map { "\($0)" } ?? "" }
    }
    for ranking in rankings {
      let separated = ranking.separation.map { $0.isSeparated ? "yes" : "no" } ?? ""
      for (place, standing) in ranking.standings.enumerated() {
        text += CSV.line(
          [
            ranking.column.name, ranking.column.about.better.rawValue, separated,
            ranking.column.about.better == .neither ? "" : "\(place + 1)",
            standing.candidate.name, standing.candidate.isControl ? "yes" : "no",
            "\(standing.mean?.count ?? 0)", "\(standing.undefined.values.reduce(0, +))",
          ] + fields(standing.mean) + fields(standing.fromBest) + fields(standing.fromControl))
      }
    }
    return text
  }

  // MARK: - JSON

  /// All of it, for programs.
  func json(of job: Job, engine: String, settings: EvaluationSettings) throws -> Data {
    struct Page: Encodable {
      var schema = EvaluationReport.schema
      var tidemark = Release.version
      var engine: String
      var model: ModelRecord
      var annotations: String?
      var pictures: Int
      var bootstrap: PairedBootstrap
      var measures: [Measured]
    }
    struct Measured: Encodable {
      var name: String
      var group: MeasureDescription.Group
      var summary: String
      var source: String
      var better: MeasureDescription.Better
      var range: String
      var parameters: JSONValue?
      var controlsSeparated: Bool?
      var standings: [Line]
    }
    struct Line: Encodable {
      var method: String
      var isControl: Bool
      var mean: Interval?
      var undefined: [String: Int]
      var fromBest: Interval?
      var fromBestControl: Interval?
    }
    let parameters = Dictionary(
      uniqueKeysWithValues: settings.measures.map { ($0.about.name, $0.parameters) })
    return try JSONText.page(
      Page(
        engine: engine, model: job.manifest.model, annotations: settings.truth?.file,
        pictures: table.paths.count, bootstrap: bootstrap,
        measures: rankings.map { ranking in
          let about = ranking.column.about
          return Measured(
            name: about.name, group: about.group, summary: about.summary, source: about.source,
            better: about.better, range: about.range, parameters: parameters[about.name],
            controlsSeparated: ranking.separation?.isSeparated,
            standings: ranking.standings.map {
              Line(
                method: $0.candidate.name, isControl: $0.candidate.isControl, mean: $0.mean,
                undefined: $0.undefined, fromBest: $0.fromBest, fromBestControl: $0.fromControl)
            })
        }))
  }
}
