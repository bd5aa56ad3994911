import Kernels
import Tensors
import Testing

@testable import Kernels

@Suite struct SpatialMeanTests {
  private func mean(_ x: Tensor) -> Tensor {
    let bench = KernelBench()
    let y = bench.slot([x.shape[0], x.shape[1], 1, 1])
    return bench.run(SpatialMean(input: bench.slot(x), output: y), reading: y)
  }

  @Test(arguments: [1, 2, 7, 13]) func `each plane gives its mean`(side: Int) {
    let x = Tensor.random([2, 3, side, side])
    let plane = side * side
    let expected = Tensor(
      (0..<6).map { index in
        Float((0..<plane).reduce(0.0) { $0 + Double(x[index * plane + $1]) } / Double(plane))
      }, shape: [2, 3, 1, 1])
    #expect((mean(x) - expected).largestMagnitude < Tolerance.reordered)
  }

  @Test func `the pullback spreads each cotangent evenly`() {
    let dy = Tensor.random([2, 3, 1, 1])
    let start = Tensor.random([2, 3, 4, 4], seed: 2)
    let expected = Tensor((0..<96).map { dy[$0 / 16] / 16 }, shape: [2, 3, 4, 4])
    for accumulates in [true, false] {
      let bench = KernelBench()
      let dx = bench.slot(start)
      let found = bench.run(
        SpatialMeanPullback(
          outputCotangent: bench.slot(dy), inputCotangent: dx, accumulates: accumulates),
        reading: dx)
      #expect(found == (accumulates ? start + expected : expected))
    }
  }
}
