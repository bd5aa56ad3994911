#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How evenly a map's magnitude is spread over the positions, by its entropy: −Σ p ln p / ln N with
/// p = |z| / Σ|z|.
///
/// 1 where all are equal, 0 where one has everything. Neither direction is better.
///
/// Bhatt, Weller, Moura: Evaluating and Aggregating Feature-based Model Explanations, 2020
/// (arXiv:2005.00631), divided by ln N so that maps of all sizes compare.
public struct Entropy: Measure {
  public static let about = MeasureDescription(
    name: "entropy", group: .complexity,
    summary: "How evenly the magnitude is spread, by its entropy.",
    source: "Bhatt, Weller, Moura: Evaluating and Aggregating Feature-based Model Explanations, "
      + "2020 (arXiv:2005.00631)",
    better: .neither, range: "0 (one position) ... 1 (even)")

  public init() {}

  public func measure(_ measured: MeasuredCase) -> MeasuredValue {
    let values = measured.sortedMagnitudes
    let total = values.reduce(0) { $0 + Double($1) }
    var sum = 0.0
    for value in values where value > 0 {
      let part = Double(value) / total
      if part > 0 { sum -= part * log(part) }
    }
    return MeasuredValue(sum / log(Double(values.count)))
  }
}
