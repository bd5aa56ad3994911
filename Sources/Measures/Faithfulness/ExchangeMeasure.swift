public import Explanations
import Tensors

/// A measure that exchanges a picture's positions for a baseline's, or the other way round, from
/// the map's largest value on, and takes the area under the score.
///
/// Only the map's order counts. Positions of one value are exchanged in a random order keyed by the
/// subject's seed. The series `curve` has the score after each step. A forward pass for each step,
/// and one.
public protocol ExchangeMeasure: Measure {
  /// At most this many steps, of equally many positions but for the last.
  var steps: Int { get set }
  /// Which number ranks positions.
  var ranking: Ranking { get set }
  /// Which score is followed.
  var score: Score { get set }
}

extension ExchangeMeasure {
  public func validate() throws(ExplainerError) {
    try Self.check("steps", steps, in: 1...10_000)
  }

  func area(from start: Tensor, to end: Tensor, in measured: MeasuredCase) -> MeasuredValue {
    let curve = Exchange(
      from: start, to: end, order: measured.order(by: ranking), steps: steps
    ).curve(of: score, in: measured)
    return MeasuredValue(Exchange.area(under: curve), series: ["curve": curve])
  }

  static var exchangeParameters: [String: String] {
    [
      "steps": "in how many steps positions are exchanged",
      "ranking": "what ranks positions: \(Ranking.names)",
      "score": "what is followed: logit or probability",
    ]
  }
}
