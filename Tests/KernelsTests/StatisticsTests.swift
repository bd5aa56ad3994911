import Tensors
import Testing

@testable import Kernels

/// Statistics of groups, and kernels that add to what is there.
@Suite struct StatisticsTests {
  @Test(arguments: [
    Grouping(count: 3, inner: 7), Grouping(count: 2, inner: 20_000),
    Grouping(outer: 4, count: 3, inner: 700), Grouping(outer: 5, count: 6, inner: 1),
  ])
  func `mean and variance are good to rounding, however far from zero`(grouping: Grouping) {
    let size = grouping.outer * grouping.count * grouping.inner
    let x = Tensor.random([size]).map { $0 + 100 }
    let bench = KernelBench()
    let input = bench.slot(x)
    let (mean, variance) = (bench.slot([grouping.count]), bench.slot([grouping.count]))
    let kernel = Moments(input: input, mean: mean, variance: variance, grouping: grouping)
    let (means, variances) = (
      bench.run(kernel, reading: mean), bench.run(kernel, reading: variance)
    )
    for group in 0..<grouping.count {
      let members = (0..<size).filter { $0 / grouping.inner % grouping.count == group }
        .map { Double(x[$0]) }
      let expected = members.reduce(0, +) / Double(members.count)
      let spread =
        members.reduce(0) { $0 + ($1 - expected) * ($1 - expected) } / Double(members.count)
      #expect(abs(Double(means[group]) - expected) < 2e-7 * expected)
      #expect(abs(Double(variances[group]) - spread) < 1e-6 * spread)
    }
  }

  @Test func `what accumulates adds to what is there`() throws {
    let (x, dy) = (Tensor.random([2, 4, 3, 3], seed: 1), Tensor.random([2, 4, 3, 3], seed: 2))
    let variance = Tensor(repeating: 0.5, shape: [8])
    let rows = Grouping(count: 8, inner: 9)
    let axis = try #require(Window.Axis(taps: 2))
    let geometry = ConvolutionGeometry(window: Window(rows: axis, columns: axis))
    let response = ResponseWindow(size: 3)
    typealias Make = (KernelBench, Operand, Bool) -> any Kernel
    let kernels: [(Shape, Make)] = [
      ([4], { ChannelSum(input: $0.slot(dy), output: $1, accumulates: $2) }),
      (
        [36],
        {
          ChannelSum(
            input: $0.slot(dy.reshaped(to: [2, 36])), output: $1, accumulates: $2)
        }
      ),
      (
        [4],
        {
          ChannelDot(
            first: $0.slot(dy), second: $0.slot(x), output: $1, order: [3, 1, 1, 0],
            accumulates: $2)
        }
      ),
      (
        [36, 36],
        {
          MatrixWeightGradient(
            input: $0.slot(x.reshaped(to: [2, 36])),
            outputCotangent: $0.slot(dy.reshaped(to: [2, 36])), weightsCotangent: $1,
            transposed: true, accumulates: $2)
        }
      ),
      (
        [3, 4, 2, 2],
        {
          ConvolutionWeightGradient(
            input: $0.slot(x), outputCotangent: $0.slot(Tensor.random([2, 3, 2, 2])),
            weightsCotangent: $1, geometry: geometry, accumulates: $2)
        }
      ),
      (
        x.shape,
        {
          StandardizePullback(
            outputCotangent: $0.slot(dy), output: $0.slot(x), variance: $0.slot(variance),
            inputCotangent: $1, grouping: rows, epsilon: 0, accumulates: $2)
        }
      ),
      (
        x.shape,
        {
          LocalResponsePullback(
            outputCotangent: $0.slot(dy), input: $0.slot(x), output: $0.slot(x),
            bases: $0.slot(x.map { $0 + 2 }), inputCotangent: $1, window: response,
            accumulates: $2)
        }
      ),
      (
        x.shape,
        {
          UnitNormPullback(
            outputCotangent: $0.slot(dy), output: $0.slot(x),
            lengths: $0.slot(Tensor.random([18]).map { $0 + 2 }), inputCotangent: $1, axis: 1,
            norm: .euclidean, accumulates: $2)
        }
      ),
    ]
    for (shape, make) in kernels {
      let begin = Tensor.random(shape, seed: 3)
      let (fresh, further) = (KernelBench(), KernelBench())
      let (first, second) = (fresh.slot(shape), further.slot(begin))
      let alone = fresh.run(make(fresh, first, false), reading: first)
      let kernel = make(further, second, true)
      #expect(alone.isFinite)
      #expect(kernel.reads.contains(second), "\(kernel)")
      let sum = further.run(kernel, reading: second)
      #expect(sum.relativeDifference(from: alone + begin) < 1e-6, "\(kernel)")
    }
  }
}
