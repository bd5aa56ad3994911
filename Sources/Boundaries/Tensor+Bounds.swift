import Tensors

extension Tensor {
  /// Every scalar moved into its bounds. Shapes must be equal.
  func clamped(_ lower: Tensor, _ upper: Tensor) -> Tensor {
    withScalars { value in
      lower.withScalars { lower in
        upper.withScalars { upper in
          Tensor(shape: shape) { target in
            for index in value.indices {
              let raised = value[index] > lower[index] ? value[index] : lower[index]
              target.initializeElement(
                at: index, to: raised < upper[index] ? raised : upper[index])
            }
          }
        }
      }
    }
  }
}
