import Tensors

/// How well a score of pictures, such as confidence or the distance to the boundary, tells wrong
/// predictions from right ones.
///
/// The area under the curve of hits against false alarms: the chance that a right prediction has a
/// larger score than a wrong one, equal scores counting half. A score that knows nothing is at 0.5,
/// one that is larger for wrong predictions below. Only the order of scores counts, so scores of
/// unlike units compare.
///
/// Intervals are by the bootstrap, right and wrong predictions each drawn again by themselves, so
/// that every resample has as many of both. Of a single wrong (or right) prediction nothing follows
/// for others: the interval is then all that is possible.
///
/// Fawcett: An introduction to ROC analysis, 2006 (doi:10.1016/j.patrec.2005.10.010).
public struct ErrorDetection: Sendable, Hashable, Codable {
  public var bootstrap: PairedBootstrap

  public init(by bootstrap: PairedBootstrap = PairedBootstrap()) { self.bootstrap = bootstrap }

  /// A number with its interval, or the reason why there is none.
  public struct Finding: Sendable, Hashable, Codable {
    /// `mean` is the area 0...1, or the difference of two, −1...1; nil where it is undefined.
    public let interval: Interval?
    /// Why there is no interval, as half a sentence.
    public let reason: String?
    /// How many right predictions had a score.
    public let right: Int
    /// How many wrong predictions had a score.
    public let wrong: Int
  }

  /// The area for a score. Pictures without one, or whose score is no number, are left out; infinite
  /// scores are larger or smaller than all others. Traps unless each picture has a place in both.
  public func area(of scores: [Double?], right: [Bool]) -> Finding {
    compared([scores], right) { $0[0] }
  }

  /// The area of `a` less that of `b`, over the pictures that have both scores. The interval is that
  /// of pairs: both areas are of the same resamples. Traps unless each picture has a place in all.
  public func difference(of a: [Double?], and b: [Double?], right: [Bool]) -> Finding {
    compared([a, b], right) { $0[0] - $0[1] }
  }

  private func compared(
    _ scores: [[Double?]], _ right: [Bool], _ statistic: ([Double]) -> Double
  ) -> Finding {
    precondition(
      scores.allSatisfy { $0.count == right.count },
      "\(scores.map(\.count)) scores for \(right.count) predictions")
    let known = right.indices.filter { picture in
      scores.allSatisfy { $0[picture].map { !$0.isNaN } == true }
    }
    let isRight = known.map { right[$0] }
    let rightPlaces = isRight.indices.filter { isRight[$0] }
    let wrongPlaces = isRight.indices.filter { !isRight[$0] }
    func finding(_ interval: Interval?, _ reason: String?) -> Finding {
      Finding(
        interval: interval, reason: reason, right: rightPlaces.count, wrong: wrongPlaces.count)
    }
    guard !known.isEmpty else { return finding(nil, "no prediction has a score") }
    guard !rightPlaces.isEmpty else { return finding(nil, "all predictions are wrong") }
    guard !wrongPlaces.isEmpty else { return finding(nil, "all predictions are right") }

    let orders = scores.map { scores in Order(of: known.compactMap { scores[$0] }) }
    func value(_ weights: [Int]) -> Double {
      statistic(orders.map { $0.area(right: isRight, weights: weights) })
    }
    let all = value([Int](repeating: 1, count: known.count))
    guard min(rightPlaces.count, wrongPlaces.count) >= 2 else {
      let lowest: Double = scores.count == 1 ? 0 : -1
      return finding(Interval(mean: all, lower: lowest, upper: 1, count: known.count), nil)
    }
    let interval = bootstrap.interval(about: all, count: known.count) { random in
      var weights = [Int](repeating: 0, count: known.count)
      for places in [rightPlaces, wrongPlaces] {
        for _ in places { weights[places[Int.random(in: 0..<places.count, using: &random)]] += 1 }
      }
      return value(weights)
    }
    return finding(interval, nil)
  }

  /// Pictures from the smallest score to the largest.
  private struct Order {
    private let places: [Int]
    /// Whether the next one's score is larger.
    private let endsGroup: [Bool]

    init(of scores: [Double]) {
      let places = scores.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }
      self.places = places
      endsGroup = places.indices.map {
        $0 + 1 == places.count || scores[places[$0]] < scores[places[$0 + 1]]
      }
    }

    /// The chance for a right prediction to lie above a wrong one, each counted so many times.
    func area(right: [Bool], weights: [Int]) -> Double {
      // Of whole numbers, doubled for the halves: exact.
      var (doubled, wrongBelow, rightInAll) = (0, 0, 0)
      var (rightHere, wrongHere) = (0, 0)
      for (place, ends) in zip(places, endsGroup) {
        if right[place] { rightHere += weights[place] } else { wrongHere += weights[place] }
        guard ends else { continue }
        doubled += rightHere * (2 * wrongBelow + wrongHere)
        wrongBelow += wrongHere
        rightInAll += rightHere
        (rightHere, wrongHere) = (0, 0)
      }
      return Double(doubled) / Double(2 * wrongBelow * rightInAll)
    }
  }
}
