import Kernels
import Tensors
import Testing

@testable import Kernels

@Suite struct BroadcastTests {
  static let shapes: [(Shape, Shape)] = [
    ([], []), ([], [3]), ([4], [4]), ([4], [1]), ([1], [4]), ([2, 3], [3]), ([3], [2, 3]),
    ([2, 3], [2, 1]), ([2, 1], [1, 3]), ([2, 3, 4], [2, 3, 4]), ([2, 3, 4], [3, 1]),
    ([2, 1, 4], [3, 1]), ([2, 3, 4, 5], [1, 3, 1, 1]), ([1, 3, 1, 1], [2, 3, 4, 5]),
    ([2, 3, 4, 5], []), ([2, 1, 4, 1], [3, 1, 5]), ([2, 1, 2, 1, 2], [2, 2, 1, 3, 1]),
  ]

  private func value<F: BinaryFunction>(_: F.Type, _ a: Tensor, _ b: Tensor) -> Tensor {
    let bench = KernelBench()
    let y = bench.slot(a.shape.broadcast(with: b.shape) ?? [])
    return bench.run(
      Broadcast<F>(first: bench.slot(a), second: bench.slot(b), output: y), reading: y)
  }

  /// Element by element, by the indices that NumPy's rule gives.
  private func naive(_ f: (Float, Float) -> Float, _ a: Tensor, _ b: Tensor) -> Tensor {
    let shape = a.shape.broadcast(with: b.shape) ?? []
    func element(_ tensor: Tensor, at index: [Int]) -> Float {
      let own = index.suffix(tensor.shape.rank)
      return tensor[
        zip(zip(own, tensor.shape.extents), tensor.shape.strides).reduce(0) {
          $0 + ($1.0.1 == 1 ? 0 : $1.0.0) * $1.1
        }]
    }
    return Tensor(
      (0..<shape.count).map { position in
        let index = zip(shape.strides, shape.extents).map { position / $0 % $1 }
        return f(element(a, at: index), element(b, at: index))
      }, shape: shape)
  }

  private func check<F: BinaryFunction>(_: F.Type, _ shapes: (Shape, Shape)) {
    let a = Tensor.random(shapes.0, seed: 1)
    // Away from zero, for quotients.
    let b = Tensor.random(shapes.1, seed: 2).map { $0 < 0 ? $0 - 1 : $0 + 1 }
    let y = value(F.self, a, b)
    #expect(y == naive(F.value, a, b))
    let dy = Tensor.random(y.shape, seed: 3)
    for side in [BroadcastSide.first, .second] {
      let x = side == .first ? a : b
      for begin in [nil, Tensor.random(x.shape, seed: 4)] {
        let bench = KernelBench()
        let dx = begin.map(bench.slot) ?? bench.slot(x.shape)
        let found = bench.run(
          BroadcastPullback<F>(
            outputCotangent: bench.slot(dy), first: bench.slot(a), second: bench.slot(b),
            inputCotangent: dx, side: side, accumulates: begin != nil), reading: dx)
        let derivatives = directionalDerivatives(
          of: { side == .first ? value(F.self, $0, b) : value(F.self, a, $0) }, at: x,
          cotangent: dy, pullback: found - (begin ?? Tensor(zeros: x.shape)))
        #expect(agree(derivatives, count: y.count))
      }
    }
  }

  @Test(arguments: shapes)
  func `values and derivatives follow the operands through every rank`(_ a: Shape, _ b: Shape) {
    check(Sum.self, (a, b))
    check(Difference.self, (a, b))
    check(Product.self, (a, b))
    check(Quotient.self, (a, b))
  }
}
