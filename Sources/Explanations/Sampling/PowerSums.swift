public import Tensors

/// Sums of the first four powers of samples, position by position, and what follows from them: means,
/// variances, and how certain these are. In double precision.
public struct PowerSums: Sendable {
  public private(set) var count = 0
  private let shape: Shape
  /// Σ v, Σ v², Σ v³ and Σ v⁴ of each position.
  private var sums: [SIMD4<Double>]

  /// Of samples of a shape.
  public init(_ shape: Shape) {
    self.shape = shape
    sums = [SIMD4<Double>](repeating: .zero, count: shape.count)
  }

  /// Adds a sample of `shape`'s count.
  public mutating func add(_ sample: Tensor) {
    precondition(sample.count == shape.count, "a sample of \(sample.shape) among \(shape)")
    count += 1
    sample.withScalars { values in
      sums.withUnsafeMutableBufferPointer { sums in
        for index in sums.indices {
          let value = Double(values[index])
          let square = value * value
          sums[index] += SIMD4(value, square, value * square, square * square)
        }
      }
    }
  }

  /// The mean of vᵏ.
  private func moment(_ k: Int, at index: Int) -> Double {
    sums[index][k - 1] / Double(count)
  }

  private func tensor(_ value: (Int) -> Double) -> Tensor {
    Tensor((0..<shape.count).map { Float(value($0)) }, shape: shape)
  }

  /// Mean of v.
  public var mean: Tensor { tensor { moment(1, at: $0) } }

  /// Standard error of the mean.
  public var errorOfMean: Tensor {
    tensor { (variance(at: $0) / Double(max(count - 1, 1))).squareRoot() }
  }

  /// Mean of v².
  public var meanSquare: Tensor { tensor { moment(2, at: $0) } }

  /// Standard error of the mean of v².
  public var errorOfMeanSquare: Tensor {
    tensor { index in
      let square = moment(2, at: index)
      let spread = max(moment(4, at: index) - square * square, 0)
      return (spread / Double(max(count - 1, 1))).squareRoot()
    }
  }

  /// Variance of v, over `count`.
  public var variance: Tensor { tensor { variance(at: $0) } }

  /// Standard error of the variance, for many samples: √((μ₄ − σ⁴) / n).
  public var errorOfVariance: Tensor {
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
