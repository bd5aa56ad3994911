import Kernels
import Tensors
import Testing

@testable import Kernels

/// x³ / 3, whose slope reads its input.
private struct Cube: ScalarFunction {
  func callAsFunction(_ x: Float) -> Float { x * x * x / 3 }
  func slope(at x: Float) -> Float { x * x }
  static var slopeReads: SlopeOperand { .input }
}

/// 1 / (x + 3), whose slope reads its value.
private struct Reciprocal: ScalarFunction {
  func callAsFunction(_ x: Float) -> Float { 1 / (x + 3) }
  func slope(at value: Float) -> Float { -value * value }
  static var slopeReads: SlopeOperand { .value }
}

@Suite struct ElementwiseTests {
  private func value<F: ScalarFunction>(_ f: F, _ x: Tensor) -> Tensor {
    let bench = KernelBench()
    let y = bench.slot(x.shape)
    return bench.run(Map(input: bench.slot(x), output: y, function: f), reading: y)
  }

  private func check<F: ScalarFunction>(_ f: F) {
    let x = Tensor.random([3, 7, 5])
    let y = value(f, x)
    #expect(y == x.map { f($0) })
    let dy = Tensor.random(x.shape, seed: 2)
    for begin in [nil, Tensor.random(x.shape, seed: 3)] {
      let bench = KernelBench()
      let dx = begin.map(bench.slot) ?? bench.slot(x.shape)
      let found = bench.run(
        MapPullback(
          outputCotangent: bench.slot(dy), subject: bench.slot(F.slopeReads == .input ? x : y),
          inputCotangent: dx, function: f, accumulates: begin != nil), reading: dx)
      let derivatives = directionalDerivatives(
        of: { value(f, $0) }, at: x, cotangent: dy,
        pullback: found - (begin ?? Tensor(zeros: x.shape)))
      #expect(agree(derivatives, count: x.count))
    }
  }

  @Test func `a slope that reads the input is the derivative`() { check(Cube()) }

  @Test func `a slope that reads the value is the derivative`() { check(Reciprocal()) }
}
