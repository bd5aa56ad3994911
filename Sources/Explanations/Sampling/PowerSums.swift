import Tensors

/// Sums of the first powers of samples, position by position, and what follows from them: means,
/// variances, and how certain these are. In double precision.
struct PowerSums {
  private(set) var count = 0
  private let shape: Shape
  /// Σ vᵏ for k = 1...order, one after the other.
  private var sums: [Double]
  private let order: Int

  /// - Parameter order: the highest power: 2 for means and their errors, 4 for those of squares.
  init(_ shape: Shape, order: Int) {
    self.shape = shape
    self.order = order
    sums = [Double](repeating: 0, count: order * shape.count)
  }

  /// Adds a sample of `shape`'s count.
  mutating func add(_ sample: Tensor) {
    precondition(sample.count == shape.count, "a sample of \(sample.shape) among \(shape)")
    count += 1
    let size = shape.count
    sample.withScalars { values in
      sums.withUnsafeMutableBufferPointer { sums in
        for index in 0..<size {
          let value = Double(values[index])
          var power = value
          for k in 0..<order {
            sums[k * size + index] += power
            power *= value
          }
        }
      }
    }
  }

  /// The mean of vᵏ.
  private func moment(_ k: Int, at index: Int) -> Double {
    sums[(k - 1) * shape.count + index] / Double(count)
  }

  private func tensor(_ value: (Int) -> Double) -> Tensor {
    Tensor((0..<shape.count).map { Float(value($0)) }, shape: shape)
  }

  /// Mean of v.
  var mean: Tensor { tensor { moment(1, at: $0) } }

  /// Standard error of the mean.
  var errorOfMean: Tensor {
    tensor { (variance(at: $0) / Double(max(count - 1, 1))).squareRoot() }
  }

  /// Mean of v².
  var meanSquare: Tensor { tensor { moment(2, at: $0) } }

  /// Standard error of the mean of v². Needs powers up to 4.
  var errorOfMeanSquare: Tensor {
    tensor { index in
      let square = moment(2, at: index)
      let spread = max(moment(4, at: index) - square * square, 0)
      return (spread / Double(max(count - 1, 1))).squareRoot()
    }
  }

  /// Variance of v, over `count`.
  var variance: Tensor { tensor { variance(at: $0) } }

  /// Standard error of the variance, for many samples: √((μ₄ − σ⁴) / n). Needs powers up to 4.
  var errorOfVariance: Tensor {
    tensor { index in
      let (m1, m2, m3, m4) = (
        moment(1, at: index), moment(2, at: index), moment(3, at: index), moment(4, at: index)
      )
      let fourth = m4 - 4 * m1 * m3 + 6 * m1 * m1 * m2 - 3 * m1 * m1 * m1 * m1
      let square = variance(at: index)
      return (max(fourth - square * square, 0) / Double(max(count - 1, 1))).squareRoot()
    }
  }

  private func variance(at index: Int) -> Double {
    let mean = moment(1, at: index)
    return max(moment(2, at: index) - mean * mean, 0)
  }
}
