import Tensors

/// How long a method samples: a number of samples, or until its map is certain enough.
struct SamplingEffort {
  /// The method's name, for errors.
  let method: String
  /// How many samples there are at most.
  let samples: Int
  /// The relative error at which to stop earlier; 0 never does.
  let tolerance: Double

  /// After how many samples the error is looked at: a fixed number, so that results do not depend on
  /// how many pictures a pass takes.
  var block = 32

  static let parameters = [
    "samples": "how many samples are taken, or at most, where there is a tolerance",
    "tolerance":
      "relative error of the map at which sampling ends early, such as 0.1; 0 takes all samples",
  ]

  func validate(atLeast least: Int = 2) throws(ExplainerError) {
    let most = 1_000_000
    guard (least...most).contains(samples) else {
      throw .invalidParameter(
        method: method, parameter: "samples", reason: "must be \(least)...\(most), found \(samples)"
      )
    }
    guard tolerance >= 0, tolerance < 1 else {
      throw .invalidParameter(
        method: method, parameter: "tolerance", reason: "must be 0..<1, found \(tolerance)")
    }
  }

  /// Calls `take` with ranges of samples until all are taken, or `error` is small enough. Returns how
  /// many were taken and what the answer's status is.
  func run<E: Error>(
    take: (Range<Int>) throws(E) -> Void, error: () -> Double
  ) throws(E) -> (taken: Int, error: Double, status: Explanation.Status) {
    var taken = 0
    while taken < samples {
      let next = taken..<min(taken + block, samples)
      try take(next)
      taken = next.upperBound
      if tolerance > 0, taken >= 2 * block {
        let error = error()
        if error <= tolerance { return (taken, error, .complete) }
      }
    }
    let error = error()
    let isUncertain = tolerance > 0 && error > tolerance
    return (taken, error, isUncertain ? .uncertain(error: error) : .complete)
  }
}

extension Tensor {
  /// Root of the mean square of standard errors, relative to that of the map they belong to; 0 where
  /// both are zero.
  func relativeError(of map: Tensor) -> Double {
    let (error, size) = (dot(self), map.dot(map))
    if error == 0 { return 0 }
    return size > 0 ? (error / size).squareRoot() : .infinity
  }
}
