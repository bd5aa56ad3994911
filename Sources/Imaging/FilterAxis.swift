#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One direction of a separable filter: for each place along the result, the run of source places
/// that it sees and their weights, which sum to 1.
struct FilterAxis {
  struct Run {
    /// The first source place.
    var source: Int
    /// Its weight's index in `weights`.
    var weight: Int
    /// How many places.
    var count: Int
  }

  private(set) var runs: [Run] = []
  private(set) var weights: [Double] = []

  /// How many places the result has.
  var count: Int { runs.count }

  /// The source places that any run touches.
  var sources: Range<Int> {
    let first = runs.map(\.source).min() ?? 0
    return first..<(runs.map { $0.source + $0.count }.max() ?? first)
  }

  /// Resamples `sourceCount` places: place `i` of `outputs` is centred at `origin + (i + ½) · scale`.
  ///
  /// The kernel is widened by `scale` where that exceeds 1 and `antialiased` is set. At the ends it
  /// is cut off and its rest renormalised. The arithmetic is Pillow's, operation by operation.
  init(
    resampling sourceCount: Int, at outputs: Range<Int>, origin: Double, scale: Double,
    filter: ResizeFilter, antialiased: Bool = true
  ) {
    runs.reserveCapacity(outputs.count)
    let stretch = antialiased ? max(1, scale) : 1
    let support = filter.support * stretch
    for output in outputs {
      let center = origin + (Double(output) + 0.5) * scale
      guard support > 0 else {
        append([1], at: min(max(Int(center.rounded(.down)), 0), sourceCount - 1))
        continue
      }
      // A centre outside the source (by rounding, at its very ends) sees the last place.
      let first = min(max(Int(center - support + 0.5), 0), sourceCount - 1)
      let end = max(min(Int(center + support + 0.5), sourceCount), first + 1)
      let run = (first..<end).map {
        filter.weight(at: (Double($0) - center + 0.5) * (1 / stretch))
      }
      append(run, at: first)
    }
  }

  /// A Gaussian of deviation `sigma` over `count` places, cut off at 4 deviations; beyond the ends
  /// the source is mirrored, its last place included (`c b a | a b c`).
  init(gaussian sigma: Double, count: Int) {
    runs.reserveCapacity(count)
    let radius = Int(4 * sigma + 0.5)
    let kernel = (0...radius).map { exp(-0.5 * (Double($0) / sigma) * (Double($0) / sigma)) }
    for output in 0..<count {
      let first = max(0, output - radius)
      var run = [Double](repeating: 0, count: min(count - 1, output + radius) - first + 1)
      for offset in -radius...radius {
        // Mirroring has period 2·count; whatever it folds back lies within the run.
        let period = 2 * count
        let place = ((output + offset) % period + period) % period
        run[(place < count ? place : period - 1 - place) - first] += kernel[abs(offset)]
      }
      append(run, at: first)
    }
  }

  private mutating func append(_ run: [Double], at source: Int) {
    // Zero weights at the ends are dropped: they cost time, and 0 · NaN would spread a NaN.
    let lower = run.firstIndex { $0 != 0 } ?? 0
    let upper = (run.lastIndex { $0 != 0 } ?? 0) + 1
    let sum = run.reduce(0, +)
    runs.append(Run(source: source + lower, weight: weights.count, count: upper - lower))
    weights += run[lower..<upper].map { sum != 0 ? $0 / sum : 1 }
  }
}
