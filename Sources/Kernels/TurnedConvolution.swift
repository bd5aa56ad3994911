import Tensors

// The pullback of a convolution with stride 1 is a convolution itself, with the weights turned by half
// a turn, inputs and outputs exchanged, and as much padding as the window hung over before.

extension ConvolutionGeometry {
  /// The window of the pullback; nil where it is no convolution.
  var turned: ConvolutionGeometry? {
    guard let rows = window.rows.turned, let columns = window.columns.turned else { return nil }
    return ConvolutionGeometry(window: Window(rows: rows, columns: columns), groups: groups)
  }
}

extension Window.Axis {
  fileprivate var turned: Window.Axis? {
    guard stride == 1 else { return nil }
    return Window.Axis(
      taps: taps, dilation: dilation, before: reach - 1 - before, after: reach - 1 - after)
  }
}

extension Tensor {
  /// `[C, O / groups, taps, taps]` of the weights `[O, C / groups, taps, taps]`, turned by half a turn.
  func turned(groups: Int) -> Tensor {
    let (outputs, inputs) = (shape[0] / groups, shape[1])
    let taps = shape[2] * shape[3]
    return Tensor(shape: [groups * inputs, outputs, shape[2], shape[3]]) { target in
      withScalars { source in
        for group in 0..<groups {
          for output in 0..<outputs {
            for input in 0..<inputs {
              let from = ((group * outputs + output) * inputs + input) * taps
              let to = ((group * inputs + input) * outputs + output) * taps
              for tap in 0..<taps {
                target.initializeElement(at: to + tap, to: source[from + taps - 1 - tap])
              }
            }
          }
        }
      }
    }
  }
}
