import Kernels
import Tensors
import Testing

@testable import Kernels

@Suite struct ChannelAffineTests {
  /// Orders with all channels, with one read twice, and with one never read.
  static let orders = [[0, 1, 2], [2, 1, 0], [0, 0, 2], [1], [2, 0, 1, 1]]

  private let scale = Tensor.random([4], seed: 5)
  private let shift = Tensor.random([4], seed: 6)

  private func value(_ x: Tensor, _ order: [Int]) -> Tensor {
    let bench = KernelBench()
    let y = bench.slot([x.shape[0], order.count] + [x.shape[2], x.shape[3]])
    return bench.run(
      ChannelAffine(
        input: bench.slot(x), scale: bench.parameter(scale), shift: bench.parameter(shift),
        output: y, order: order), reading: y)
  }

  @Test(arguments: orders)
  func `each channel is scaled and shifted from the one that the order names`(order: [Int]) {
    let x = Tensor.random([2, 3, 3, 5])
    let y = value(x, order)
    for item in 0..<2 {
      for (channel, from) in order.enumerated() {
        for position in 0..<15 {
          let expected =
            scale[channel] * x[(item * 3 + from) * 15 + position] + shift[channel]
          let found = y[(item * order.count + channel) * 15 + position]
          #expect(abs(found - expected) < Tolerance.reordered)
        }
      }
    }
  }

  @Test(arguments: orders)
  func `the pullback is the derivative`(order: [Int]) {
    let x = Tensor.random([2, 3, 3, 5])
    let y = value(x, order)
    let dy = Tensor.random(y.shape, seed: 2)
    for begin in [nil, Tensor.random(x.shape, seed: 3)] {
      let bench = KernelBench()
      let dx = begin.map(bench.slot) ?? bench.slot(x.shape)
      let found = bench.run(
        ChannelAffinePullback(
          outputCotangent: bench.slot(dy), scale: bench.parameter(scale), inputCotangent: dx,
          order: order, accumulates: begin != nil), reading: dx)
      let derivatives = directionalDerivatives(
        of: { value($0, order) }, at: x, cotangent: dy,
        pullback: found - (begin ?? Tensor(zeros: x.shape)))
      #expect(agree(derivatives, count: y.count))
    }
  }
}

extension Shape {
  fileprivate static func + (a: Shape, b: [Int]) -> Shape { Shape(a.extents + b) }
}
