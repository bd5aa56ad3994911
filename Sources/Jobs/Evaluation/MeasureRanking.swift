import Measures

/// How methods and controls stand by one measure.
struct MeasureRanking: Sendable {
  let column: EvaluationTable.Column
  /// The best first; in the order of the table where the measure does not judge.
  let standings: [Standing]
  /// Whether the measure tells the best method from the best control; nil where it does not judge, or
  /// there are too few values.
  let separation: Separation?

  /// One candidate's part.
  struct Standing: Sendable {
    let candidate: EvaluationTable.Candidate
    /// Nil for fewer than two values.
    let mean: Interval?
    /// Maps without a value, by reason.
    let undefined: [String: Int]
    /// Its values less those of the best, picture by picture; nil for the best itself, and where the
    /// measure does not judge.
    let fromBest: Interval?
    /// Its values less those of the best control.
    let fromControl: Interval?
  }

  init(of table: EvaluationTable, column: Int, by bootstrap: PairedBootstrap) {
    let about = table.columns[column].about
    let sign: Double? =
      switch about.better {
      case .higher: 1
      case .lower: -1
      case .neither: nil
      }
    let all = table.candidates.indices.map { number in
      Row(of: table, column: column, candidate: number, bootstrap)
    }
    let order = sign.map { sign in
      all.sorted { ($0.demerit(sign), $0.number) < ($1.demerit(sign), $1.number) }
    }
    let known = order?.filter { $0.mean != nil } ?? []
    let (best, control) = (known.first, known.first { $0.candidate.isControl })
    /// Value by value; nil for the other itself.
    func difference(_ row: Row, from other: Row?) -> Interval? {
      guard let other, other.number != row.number else { return nil }
      return bootstrap.difference(of: row.values, and: other.values)
    }
    self.column = table.columns[column]
    standings = (order ?? all).map { row in
      Standing(
        candidate: row.candidate, mean: row.mean,
        undefined: table.reasons(of: column, row.number),
        fromBest: difference(row, from: best), fromControl: difference(row, from: control))
    }
    func values(ofControls isControl: Bool) -> [String: [Double?]] {
      Dictionary(
        uniqueKeysWithValues: all.filter { $0.candidate.isControl == isControl }.map {
          ($0.candidate.name, $0.values)
        })
    }
    separation = Separation(
      of: about, methods: values(ofControls: false), controls: values(ofControls: true),
      by: bootstrap)
  }

  /// A candidate before it has a place.
  private struct Row {
    let number: Int
    let candidate: EvaluationTable.Candidate
    let values: [Double?]
    let mean: Interval?

    init(
      of table: EvaluationTable, column: Int, candidate number: Int, _ bootstrap: PairedBootstrap
    ) {
      self.number = number
      candidate = table.candidates[number]
      values = table.values(of: column, number)
      mean = bootstrap.mean(of: values)
    }

    /// What the best has least of, where values of this sign are good.
    func demerit(_ sign: Double) -> Double { mean.map { -sign * $0.mean } ?? .infinity }
  }

  /// Whether the best control does as well as the best method, as far as these pictures can tell.
  var isBlind: Bool { separation.map { !$0.isSeparated } ?? false }
}

extension MeasureRanking.Standing {
  /// Whether it is the best, or cannot be told from the best.
  var isAmongBest: Bool { mean != nil && fromBest.map { !$0.excludesZero } ?? true }
}
