public import Measures

/// What came out of an evaluation.
public struct EvaluationSummary: Sendable {
  /// Pictures with values, and how many of them were there already.
  public internal(set) var pictureCount = 0
  public internal(set) var unchangedCount = 0
  /// Pictures that annotations speak of.
  public internal(set) var annotatedCount = 0
  /// Sorted by path.
  public internal(set) var failures: [MapFailure] = []
  /// Methods of the run whose maps are missing for some pictures, and for how many.
  public internal(set) var missing: [String: Int] = [:]
  /// A table for each group of measures.
  public internal(set) var sections: [Section] = []

  /// The measures of a group side by side.
  public struct Section: Sendable {
    public let group: MeasureDescription.Group
    public let columns: [Column]
    public let rows: [Row]
  }

  public struct Column: Sendable {
    public let name: String
    public let better: MeasureDescription.Better
    /// Whether the best control does as well as the best method.
    public let isBlind: Bool
  }

  public struct Row: Sendable {
    public let name: String
    public let isControl: Bool
    /// For each column.
    public let cells: [Cell]
  }

  public struct Cell: Sendable {
    public let mean: Double?
    /// Whether it is the best or cannot be told from the best.
    public let isAmongBest: Bool
  }

  static func sections(
    of rankings: [MeasureRanking], candidates: [EvaluationTable.Candidate]
  ) -> [Section] {
    MeasureDescription.Group.allCases.compactMap { group in
      let members = rankings.filter { $0.column.about.group == group }
      guard !members.isEmpty else { return nil }
      let standings = members.map { ranking in
        Dictionary(uniqueKeysWithValues: ranking.standings.map { ($0.candidate, $0) })
      }
      return Section(
        group: group,
        columns: members.map {
          Column(name: $0.column.name, better: $0.column.about.better, isBlind: $0.isBlind)
        },
        rows: candidates.map { candidate in
          Row(
            name: candidate.name, isControl: candidate.isControl,
            cells: zip(members, standings).map { ranking, standings in
              let standing = standings[candidate]
              return Cell(
                mean: standing?.mean?.mean,
                isAmongBest: ranking.column.about.better != .neither
                  && standing?.isAmongBest == true)
            })
        })
    }
  }
}
