import Explanations
import Tensors

/// What a classifier says while the positions of one picture are exchanged for those of another, a
/// few at a time.
struct Exchange {
  /// Both `[1, C, H, W]`.
  let start: Tensor
  let end: Tensor
  /// The positions in the order in which they are exchanged.
  let order: [Int]
  /// How many are exchanged at a time; the last time, what is left.
  let size: Int

  /// In at most `steps` steps of ⌈positions / steps⌉.
  init(from start: Tensor, to end: Tensor, order: [Int], steps: Int) {
    let plane = start.shape[2] * start.shape[3]
    precondition(start.shape == end.shape, "pictures of different shapes")
    precondition(order.count == plane, "an order of \(order.count) among \(plane) positions")
    self.start = start
    self.end = end
    self.order = order
    size = (plane + steps - 1) / steps
  }

  /// Pictures from the start to the end, both included.
  var count: Int { (order.count + size - 1) / size + 1 }

  /// The picture after some steps, `[1, C, H, W]`.
  func picture(after steps: Int) -> Tensor { picture(exchanging: steps * size) }

  /// The picture with the first positions exchanged, `[1, C, H, W]`.
  func picture(exchanging positions: Int) -> Tensor {
    var picture = start
    let plane = order.count
    picture.withMutableScalars { target in
      end.withScalars { source in
        for place in order.prefix(positions) {
          for index in stride(from: place, to: target.count, by: plane) {
            target[index] = source[index]
          }
        }
      }
    }
    return picture
  }

  /// The score after each number of steps. That of the picture itself, if it is at either end, is
  /// known.
  func curve(of score: Score, in measured: MeasuredCase) -> [Double] {
    let steps = (start == measured.input ? 1 : 0)..<(end == measured.input ? count - 1 : count)
    let scores = measured.scores(of: score, count: steps.count) {
      picture(after: steps.lowerBound + $0)
    }
    let known = [measured.score(of: score)]
    return (steps.lowerBound > 0 ? known : []) + scores + (steps.upperBound < count ? known : [])
  }

  /// The mean height of a curve over evenly spaced points, by trapezoids.
  static func area(under curve: [Double]) -> Double {
    guard let first = curve.first, let last = curve.last, curve.count > 1 else {
      return curve.first ?? 0
    }
    return (curve.reduce(0, +) - (first + last) / 2) / Double(curve.count - 1)
  }
}
