import Kernels
import Tensors
import Testing

@testable import Kernels

@Suite struct SoftmaxTests {
  private func value(_ x: Tensor, axis: Int, isLogarithmic: Bool) -> Tensor {
    let bench = KernelBench()
    let y = bench.slot(x.shape)
    return bench.run(
      Softmax(input: bench.slot(x), output: y, axis: axis, isLogarithmic: isLogarithmic),
      reading: y)
  }

  private func exponentials(_ x: Tensor) -> Tensor {
    // The logarithm's values turned back, by the series that defines the exponential.
    x.map { x in
      var (sum, term) = (1.0, 1.0)
      for n in 1..<60 {
        term *= Double(x) / Double(n)
        sum += term
      }
      return Float(sum)
    }
  }

  @Test(arguments: 0..<3)
  func `values are positive, sum to one and keep the ratios`(axis: Int) {
    let x = Tensor.random([3, 4, 5])
    let y = value(x, axis: axis, isLogarithmic: false)
    let numerators = exponentials(x)
    let step = x.shape.strides[axis]
    let count = x.shape[axis]
    for position in 0..<x.count where position / step % count == 0 {
      let line = (0..<count).map { position + $0 * step }
      let sum = line.reduce(Float(0)) { $0 + numerators[$1] }
      for at in line { #expect(abs(y[at] - numerators[at] / sum) < Tolerance.reordered) }
    }
    let logarithm = value(x, axis: axis, isLogarithmic: true)
    #expect(exponentials(logarithm).relativeDifference(from: y) < Tolerance.reordered)
  }

  @Test func `large logits do not overflow`() {
    let y = value(Tensor([1000, 999, -1000], shape: [1, 3]), axis: 1, isLogarithmic: false)
    #expect(y.isFinite)
    #expect(abs(y[0] - 0.731_058_6) < Tolerance.reordered)
    #expect(y[2] == 0)
  }

  @Test(arguments: 0..<3, [true, false])
  func `the pullback is the derivative`(axis: Int, isLogarithmic: Bool) {
    let x = Tensor.random([3, 4, 5])
    let dy = Tensor.random(x.shape, seed: 2)
    let y = value(x, axis: axis, isLogarithmic: isLogarithmic)
    for begin in [nil, Tensor.random(x.shape, seed: 3)] {
      let bench = KernelBench()
      let dx = begin.map(bench.slot) ?? bench.slot(x.shape)
      let found = bench.run(
        SoftmaxPullback(
          outputCotangent: bench.slot(dy), output: bench.slot(y), inputCotangent: dx, axis: axis,
          isLogarithmic: isLogarithmic, accumulates: begin != nil), reading: dx)
      let derivatives = directionalDerivatives(
        of: { value($0, axis: axis, isLogarithmic: isLogarithmic) }, at: x, cotangent: dy,
        pullback: found - (begin ?? Tensor(zeros: x.shape)))
      #expect(agree(derivatives, count: x.count))
    }
  }
}
