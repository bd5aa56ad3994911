import Tensors

extension Tensor {
  /// Some of a convolution's weights `[O, C, taps, taps]` as a matrix for `PanelWeights`: `[taps · C, O]`,
  /// or for its pullback `[taps · O, C]`, with the taps in the given order.
  func matrix(
    ofOutputs outputs: Range<Int>, taps: some Collection<Int>, isTurned: Bool
  ) -> [Float] {
    let (inputs, window) = (shape[1], shape[2] * shape[3])
    return withScalars { scalars in
      var matrix: [Float] = []
      matrix.reserveCapacity(outputs.count * inputs * taps.count)
      for tap in taps {
        func append(_ output: Int, _ input: Int) {
          matrix.append(scalars[(output * inputs + input) * window + tap])
        }
        if isTurned {
          for output in outputs { for input in 0..<inputs { append(output, input) } }
        } else {
          for input in 0..<inputs { for output in outputs { append(output, input) } }
        }
      }
      return matrix
    }
  }
}
