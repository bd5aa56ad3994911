import Tensors
import Testing

@testable import Kernels

@Suite struct ReductionTests {
  static let shape: Shape = [3, 20, 1, 150]
  static let axes: [Set<Int>] = (0..<16).map { bits in
    Set((0..<4).filter { bits >> $0 & 1 == 1 })
  }

  /// The line that an element belongs to, in the order of the output.
  private func line(of position: Int, along axes: Set<Int>) -> Int {
    let (extents, strides) = (Self.shape.extents, Self.shape.strides)
    return (0..<4).filter { !axes.contains($0) }
      .reduce(0) { $0 * extents[$1] + position / strides[$1] % extents[$1] }
  }

  private func output(along axes: Set<Int>) -> Shape {
    Shape((0..<4).filter { !axes.contains($0) }.map { Self.shape[$0] })
  }

  @Test(arguments: axes) func `sums along any axes are those of their elements`(axes: Set<Int>) {
    let x = Tensor.random(Self.shape)
    var expected = [Double](repeating: 0, count: output(along: axes).count)
    for position in 0..<x.count { expected[line(of: position, along: axes)] += Double(x[position]) }
    let bench = KernelBench()
    let y = bench.slot(output(along: axes))
    let found = bench.run(
      Reduce<SumOfValues>(input: bench.slot(x), output: y, axes: axes), reading: y)
    for (a, b) in zip(found.scalars, expected) {
      // Blocks of 256 terms below 1, rounded in single precision.
      #expect(abs(Double(a) - b) < 1e-5 * Double(x.count / expected.count).squareRoot())
    }
  }

  @Test(arguments: axes, [true, false])
  func `each element gets its line's cotangent times its slope`(axes: Set<Int>, accumulates: Bool) {
    let x = Tensor.random(Self.shape)
    let dy = Tensor.random(output(along: axes), seed: 2)
    let begin = Tensor.random(Self.shape, seed: 3)
    let bench = KernelBench()
    let dx = accumulates ? bench.slot(begin) : bench.slot(Self.shape)
    let found = bench.run(
      ReducePullback<SumOfSquares>(
        outputCotangent: bench.slot(dy), input: bench.slot(x), output: bench.slot(dy),
        inputCotangent: dx, axes: axes, accumulates: accumulates), reading: dx)
    for position in 0..<x.count {
      let expected =
        2 * x[position] * dy[line(of: position, along: axes)]
        + (accumulates ? begin[position] : 0)
      #expect(abs(found[position] - expected) <= 1e-6)
    }
  }

  @Test func `largest elements share alike`() {
    let bench = KernelBench()
    let dx = bench.slot([4])
    let found = bench.run(
      ReducePullback<LargestOfValues>(
        outputCotangent: bench.slot(Tensor([6], shape: [1])),
        input: bench.slot(Tensor([2, 5, 5, 1], shape: [4])),
        output: bench.slot(Tensor([5], shape: [1])), inputCotangent: dx, axes: [0],
        accumulates: false), reading: dx)
    #expect(found.scalars == [0, 3, 3, 0])
  }

  @Test(arguments: [([2, 3, 4], [12, 8, 6]), ([0, 3, 4], [12, 0, 0]), ([0, 3, 0], [0, 0, 0])])
  func `a product's slopes are the products of the others`(x: [Float], slopes: [Float]) {
    let bench = KernelBench()
    let dx = bench.slot([3])
    let found = bench.run(
      ReducePullback<ProductOfValues>(
        outputCotangent: bench.slot(Tensor([1], shape: [1])),
        input: bench.slot(Tensor(x, shape: [3])),
        output: bench.slot(Tensor([x.reduce(1, *)], shape: [1])), inputCotangent: dx, axes: [0],
        accumulates: false), reading: dx)
    #expect(found.scalars == slopes)
  }

  @Test func `NaN is the largest and the smallest of all`() {
    for x: [Float] in [[.nan, 1, 2], [1, .nan, 2], [1, 2, .nan]] {
      x.withUnsafeBufferPointer { line in
        #expect(LargestOfValues.value(of: line).isNaN)
        #expect(SmallestOfValues.value(of: line).isNaN)
      }
    }
  }
}
