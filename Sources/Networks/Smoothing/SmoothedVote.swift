public import Tensors

/// The classifier that takes the class which most noisy copies x + σ ε of a picture have.
public struct SmoothedVote: Sendable {
  public let base: any Classifier
  /// In pixel units.
  public let deviation: Double
  public let seed: UInt64

  public init(_ base: any Classifier, deviation: Double, seed: UInt64) {
    self.base = base
    self.deviation = deviation
    self.seed = seed
  }

  /// The class, or nil where the first two have too nearly as many votes to be told apart: where fair
  /// coins would as often be so uneven with a probability above alpha. Costs a forward pass for each
  /// copy.
  public func prediction(for input: Tensor, samples: Int, alpha: Double) -> ClassIndex? {
    let counts = counts(for: input, samples: samples, stream: SmoothingStream.prediction)
    let ranking = Self.ranking(counts)
    let (first, second) = (counts[ranking[0]], ranking.count > 1 ? counts[ranking[1]] : 0)
    return Self.chance(of: first, against: second) <= alpha ? ranking[0] : nil
  }

  /// A point of another vote than `selected`: the first on the way from an input through a point and a
  /// little beyond it, within 0...1, at which the vote is another one with certainty; nil where none is.
  ///
  /// Its distance is an upper bound of how far the vote's boundary is, which is wrong with a probability
  /// of at most alpha. That of a classifier which averages scores is another boundary, though it is
  /// mostly near. Costs a forward pass for each copy of each of at most nine points.
  public func crossing(
    from input: Tensor, through point: Tensor, leaving selected: ClassIndex, samples: Int,
    alpha: Double
  ) -> (point: Tensor, vote: ClassIndex)? {
    let reaches: [Float] = [1, 1.01, 1.02, 1.05, 1.1, 1.2, 1.5, 2, 3]
    for reach in reaches {
      let place = input.zip(with: point) { min(max($0 + reach * ($1 - $0), 0), 1) }
      // Each of the tests may be wrong.
      let vote = prediction(
        for: place, samples: samples, alpha: alpha / Double(reaches.count))
      if let vote, vote != selected { return (place, vote) }
    }
    return nil
  }

  /// The two-sided binomial test: how probable counts at least so uneven are with fair coins.
  public static func chance(of first: Int, against second: Int) -> Double {
    let (most, total) = (max(first, second), first + second)
    guard total > 0, 2 * most > total else { return 1 }
    // As many heads as `most` or more: a tail of the binomial distribution, and the same of the other
    // side.
    let tail = BetaDistribution(a: Double(most), b: Double(total - most + 1))
      .probability(upTo: 0.5)
    return min(1, 2 * tail)
  }

  /// How many copies have each class, `[K]`; the first of equal scores. Passes have the batch limit's
  /// size; after each, `report` is told how many copies are done.
  func counts(
    for input: Tensor, samples: Int, stream: UInt32,
    reporting report: (_ done: Int) -> Void = { _ in }
  ) -> [Int] {
    let random = CounterRandom(seed: seed, stream: stream)
    var counts = [Int](repeating: 0, count: base.classCount)
    for first in stride(from: 0, to: samples, by: base.batchLimit) {
      let numbers = first..<min(first + base.batchLimit, samples)
      let copies = numbers.map { number in
        var copy = input
        copy.add(random.normal(input.shape, sample: number), scaledBy: Float(deviation))
        return copy
      }
      let logits = base.logits(
        for: Tensor.concatenating(copies).padded(toBatch: base.batchLimit))
      logits.withScalars { scores in
        for item in 0..<numbers.count {
          let row = scores[item * counts.count..<(item + 1) * counts.count]
          // The first of equal ones.
          let best = row.indices.reduce(row.startIndex) { row[$1] > row[$0] ? $1 : $0 }
          counts[best - row.startIndex] += 1
        }
      }
      report(numbers.upperBound)
    }
    return counts
  }

  static func ranking(_ counts: [Int]) -> [ClassIndex] {
    counts.indices.sorted { (-counts[$0], $0) < (-counts[$1], $1) }
  }
}
