import Tensors

/// Sums of samples with weights, position by position, and what follows from them: the mean, and how
/// certain it is. In double precision.
struct WeightedSums {
  private(set) var count = 0
  private let shape: Shape
  /// Σ w and Σ w².
  private var weight = 0.0, squaredWeight = 0.0
  /// Σ w v, Σ w² v and Σ w² v² of each position.
  private var sums: [SIMD4<Double>]
  /// Σ w² |v|².
  private var squaredLengths = 0.0

  /// Of samples of a shape.
  init(_ shape: Shape) {
    self.shape = shape
    sums = [SIMD4<Double>](repeating: .zero, count: shape.count)
  }

  /// Adds a sample of `shape`'s count with a weight above 0.
  mutating func add(_ sample: Tensor, weight w: Double) {
    precondition(sample.count == shape.count, "a sample of \(sample.shape) among \(shape)")
    count += 1
    weight += w
    squaredWeight += w * w
    squaredLengths += w * w * sample.dot(sample)
    sample.withScalars { values in
      sums.withUnsafeMutableBufferPointer { sums in
        for index in sums.indices {
          let value = w * Double(values[index])
          sums[index] += SIMD4(value, w * value, value * value, 0)
        }
      }
    }
  }

  /// Σ w v / Σ w; 0 without samples.
  var mean: Tensor {
    let weight = count == 0 ? 1 : weight
    return Tensor(sums.map { Float($0[0] / weight) }, shape: shape)
  }

  /// Standard error of the mean: the root of Σ w² (v − mean)² · n / (n − 1), over Σ w; 0 for a single
  /// sample.
  var errorOfMean: Tensor {
    guard count > 1 else { return Tensor(zeros: shape) }
    let scale = Double(count) / Double(count - 1) / (weight * weight)
    return Tensor(
      sums.map { sum in
        let mean = sum[0] / weight
        let spread = sum[2] - 2 * mean * sum[1] + mean * mean * squaredWeight
        return Float((max(spread, 0) * scale).squareRoot())
      }, shape: shape)
  }

  /// The length of the mean, which is 1 for samples of length 1 where all are equal.
  var resultantLength: Double {
    count == 0 ? 0 : sums.reduce(0) { $0 + $1[0] * $1[0] }.squareRoot() / weight
  }

  /// The mean of ⟨v, v′⟩ over pairs of different samples: for samples of length 1 the mean cosine of
  /// their angle, which, unlike the resultant length, is 0 on average for random directions however few
  /// there are. 0 for a single sample.
  var meanProduct: Double {
    guard count > 1 else { return 0 }
    let total = sums.reduce(0) { $0 + $1[0] * $1[0] }
    return (total - squaredLengths) / (weight * weight - squaredWeight)
  }
}
