import Tensors
import Testing

@testable import Kernels

/// Finite slopes in place of derivatives.
struct SecantPullbackTests {
  @Test(arguments: [false, true])
  func `a cotangent is multiplied by the slope between two points`(accumulates: Bool) {
    // The last two inputs are the same, or nearly so: the derivative stands for the slope.
    let bench = KernelBench()
    let dx = bench.slot(Tensor([10, 10, 10, 10], shape: [4]))
    func slot(_ values: [Float]) -> Operand { bench.slot(Tensor(values, shape: [4])) }
    let found = bench.run(
      SecantPullback(
        outputCotangent: slot([2, 3, 5, 7]), derivative: slot([-1, -2, -3, -4]),
        input: slot([1, 2, 3, 4e-11]), output: slot([5, 2, 1, 1]),
        referenceInput: slot([-1, 6, 3, 0]), referenceOutput: slot([1, 0, 1, 0]),
        inputCotangent: dx, accumulates: accumulates), reading: dx)
    let slopes: [Float] = [2 * 4 / 2, 3 * 2 / -4, -3, -4]
    #expect(found.scalars == slopes.map { accumulates ? 10 + $0 : $0 })
  }

  @Test func `a blend lies on the way from one array to the other`() {
    let bench = KernelBench()
    let y = bench.slot([3])
    let found = bench.run(
      Blend(
        from: bench.slot(Tensor([0, 4, -8], shape: [3])),
        to: bench.slot(Tensor([8, 4, 8], shape: [3])), at: 0.25, output: y), reading: y)
    #expect(found.scalars == [2, 4, -4])
  }
}

/// The slope between two max poolings.
struct MaxPoolingSecantTests {
  /// Windows of 3 that overlap and hang over the end.
  private let window: Window
  private let input: Tensor
  private let reference: Tensor
  private let cotangent: Tensor

  init() throws {
    let axis = try #require(Window.Axis(taps: 3, stride: 2, before: 1, after: 1))
    window = Window(rows: axis, columns: axis)
    let input = Tensor.random([2, 5, 8, 9], seed: 1)
    self.input = input
    // One channel does not change.
    let other = Tensor.random(input.shape, seed: 2)
    reference = Tensor(
      input.scalars.indices.map { $0 / 72 % 5 == 3 ? input[$0] : other[$0] }, shape: input.shape)
    cotangent = .random([2, 5, 5, 5], seed: 3)
  }

  private func poolings(
    _ bench: KernelBench, _ input: Tensor
  ) -> (kernel: MaxPooling, side: MaxPoolingSecant.Side) {
    let (x, y) = (bench.slot(input), bench.slot(cotangent.shape))
    let winners = bench.slot(cotangent.shape, element: .int32)
    return (
      MaxPooling(input: x, output: y, winners: winners, window: window),
      .init(input: x, output: y, winners: winners)
    )
  }

  private func pulled(onto start: Tensor? = nil) -> Tensor {
    let bench = KernelBench()
    let (first, second) = (poolings(bench, input), poolings(bench, reference))
    let dx = start.map(bench.slot) ?? bench.slot(input.shape)
    return bench.run(
      first.kernel, second.kernel,
      MaxPoolingSecant(
        outputCotangent: bench.slot(cotangent), subject: first.side, reference: second.side,
        inputCotangent: dx, accumulates: start != nil), reading: dx)
  }

  private func maxima(_ input: Tensor) -> Tensor {
    let bench = KernelBench()
    let (kernel, side) = poolings(bench, input)
    return bench.run(kernel, reading: side.output)
  }

  @Test func `what comes back accounts for the change of the maxima`() {
    let expected = cotangent.dot(maxima(input) - maxima(reference))
    let found = pulled().dot(input - reference)
    #expect(abs(found - expected) < 1e-5 * abs(expected))
  }

  @Test func `places that do not change get what the derivative gives them`() {
    let bench = KernelBench()
    let (kernel, side) = poolings(bench, input)
    let dx = bench.slot(input.shape)
    let plain = bench.run(
      kernel,
      MaxPoolingPullback(
        outputCotangent: bench.slot(cotangent), winners: side.winners, inputCotangent: dx,
        window: window, accumulates: false), reading: dx)
    let found = pulled()
    let same = input.scalars.indices.filter { $0 / 72 % 5 == 3 }
    #expect(same.allSatisfy { found[$0] == plain[$0] })
    #expect(same.contains { found[$0] != 0 })
  }

  @Test func `it is added to what is there`() {
    let start = Tensor.random(input.shape, seed: 4)
    #expect(pulled(onto: start).relativeDifference(from: start + pulled()) < Tolerance.reordered)
  }
}
