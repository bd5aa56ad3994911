import Tensors

extension Tensor {
  /// Every scalar moved into its bounds. Shapes must be equal.
  func clamped(_ lower: Tensor, _ upper: Tensor) -> Tensor {
    withScalars { values in .clamped(lower, upper) { values[$0] } }
  }

  /// The value of each position, moved into its bounds, whose shapes must be equal.
  @inline(__always)
  static func clamped(_ lower: Tensor, _ upper: Tensor, _ value: (Int) -> Float) -> Tensor {
    lower.withScalars { low in
      upper.withScalars { high in
        Tensor(shape: lower.shape) { target in
          for index in low.indices {
            let moved = value(index)
            let raised = moved > low[index] ? moved : low[index]
            target.initializeElement(at: index, to: raised < high[index] ? raised : high[index])
          }
        }
      }
    }
  }
}
