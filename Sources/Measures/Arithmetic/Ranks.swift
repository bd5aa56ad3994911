/// What follows from the order of values alone.
enum Ranks {
  /// Ranks from 1; equal values share the mean of theirs.
  static func mid(of values: [Float]) -> [Double] {
    var ranks = [Double](repeating: 0, count: values.count)
    forGroups(of: values, order: ascending(values)) { places, first in
      // Ranks first + 1 ... first + count.
      let rank = Double(first) + Double(places.count + 1) / 2
      for place in places { ranks[place] = rank }
    }
    return ranks
  }

  /// Pearson's correlation of mid-ranks; nil where either is the same everywhere.
  static func correlation(of a: [Float], and b: [Float]) -> Double? {
    Correlation.of(mid(of: a), and: mid(of: b))
  }

  /// The chance that a positive place has the larger value than another, ties counting half; nil
  /// where all or none are positive.
  static func rocArea(of values: [Float], positive: [Bool]) -> Double? {
    precondition(values.count == positive.count, "an answer for each value")
    let hits = positive.count { $0 }
    let others = positive.count - hits
    guard hits > 0, others > 0 else { return nil }
    let ranks = mid(of: values)
    let sum = zip(ranks, positive).reduce(0) { $1.1 ? $0 + $1.0 : $0 }
    return (sum - Double(hits) * Double(hits + 1) / 2) / (Double(hits) * Double(others))
  }

  /// Σ (Rₖ − Rₖ₋₁) Pₖ over the distinct values, from the largest; nil where none is positive.
  static func averagePrecision(of values: [Float], positive: [Bool]) -> Double? {
    precondition(values.count == positive.count, "an answer for each value")
    let all = positive.count { $0 }
    guard all > 0 else { return nil }
    var (hits, area) = (0, 0.0)
    forGroups(of: values, order: ascending(values).reversed()) { places, first in
      let new = places.count { positive[$0] }
      hits += new
      area += Double(new) / Double(all) * Double(hits) / Double(first + places.count)
    }
    return area
  }

  private static func ascending(_ values: [Float]) -> [Int] {
    values.withUnsafeBufferPointer { values in
      values.indices.sorted { values[$0] < values[$1] }
    }
  }

  /// Calls `body` for each run of equal values in an order, with how many come before.
  private static func forGroups(
    of values: [Float], order: [Int], _ body: (_ places: ArraySlice<Int>, _ first: Int) -> Void
  ) {
    var first = 0
    while first < order.count {
      var end = first + 1
      while end < order.count, values[order[end]] == values[order[first]] { end += 1 }
      body(order[first..<end], first)
      first = end
    }
  }
}
