import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The mean of what noisy copies give, in double precision and in the order of the copies.
struct CopyMean {
  private let mean: Smoothing.Mean
  private var shape: Shape = []
  private var sums: [Double] = []
  private var count = 0

  init(_ mean: Smoothing.Mean) { self.mean = mean }

  /// Adds the items of a batch `[N, …]`.
  mutating func add(_ batch: Tensor) {
    if count == 0 {
      shape = batch.shape.batched(1)
      sums = [Double](repeating: 0, count: shape.count)
    }
    count += batch.batch
    switch mean {
    case .logits:
      batch.withScalars { values in
        sums.withUnsafeMutableBufferPointer { sums in
          for start in stride(from: 0, to: values.count, by: sums.count) {
            for index in sums.indices { sums[index] += Double(values[start + index]) }
          }
        }
      }
    case .probabilities:
      for item in 0..<batch.batch {
        for (index, value) in Self.logProbabilities(batch.item(item).scalars).enumerated() {
          sums[index] += exp(value)
        }
      }
    }
  }

  /// `[1, …]`; of probabilities the logarithms, so that the softmax gives them back.
  var value: Tensor {
    let count = Double(max(count, 1))
    return Tensor(
      sums.map { sum in
        // The least number that a float can have has the logarithm −103.
        Float(mean == .logits ? sum / count : log(max(sum / count, 1e-45)))
      }, shape: shape)
  }

  /// The derivative of Σ seed · log P for the logits of one copy, times the number of copies, where P are
  /// the mean probabilities.
  ///
  /// With r = p / P for the copy's probabilities p, ∂ log P[c] / ∂z[j] = r[c] (δ[c, j] − p[j]) / n.
  static func seeds(
    _ seeds: [Float], atCopy logits: [Float], logMeans: [Float]
  ) -> [Float] {
    let copy = logProbabilities(logits)
    let weighted = copy.indices.map { index in
      seeds[index] == 0 ? 0 : Double(seeds[index]) * exp(copy[index] - Double(logMeans[index]))
    }
    let sum = weighted.reduce(0, +)
    return copy.indices.map { Float(weighted[$0] - exp(copy[$0]) * sum) }
  }

  private static func logProbabilities(_ logits: [Float]) -> [Double] {
    let largest = Double(logits.max() ?? 0)
    let sum = logits.reduce(0) { $0 + exp(Double($1) - largest) }
    return logits.map { Double($0) - largest - log(sum) }
  }
}
