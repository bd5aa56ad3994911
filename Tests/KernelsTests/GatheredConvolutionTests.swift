import CKernels
import Kernels
import Tensors
import Testing

@testable import Kernels

@Suite struct GatheredConvolutionTests {
  /// Everything that windows can have, but for depthwise convolutions.
  static let cases =
    ConvolutionCase.all.filter { !$0.isDepthwise }
    + [
      ConvolutionCase(
        "pieces of several rows", batch: 2, inputs: 20, outputs: 40, height: 37, width: 9,
        rows: .init(taps: 3, dilation: 4, before: 4, after: 4),
        columns: .init(taps: 3, dilation: 4, before: 4, after: 4)),
      ConvolutionCase(
        "groups with stride", batch: 2, inputs: 16, outputs: 32, height: 12, width: 13,
        rows: .init(taps: 3, stride: 2, before: 1, after: 1),
        columns: .init(taps: 3, stride: 3, before: 1, after: 1), groups: 4),
    ].compactMap(\.self)

  @Test(arguments: cases, tm_isa.available)
  func `gathering agrees with the portable kernel, forth and back`(
    on it: ConvolutionCase, with instructions: tm_isa
  ) throws {
    for adds in [false, true] {
      let (y, dx) = (Tensor.random(it.outputShape, seed: 5), Tensor.random(it.inputShape, seed: 6))
      let forth = try it.gathered(it.input, addingTo: adds ? y : nil, for: instructions)
      let plain = it.forward(it.input, addingTo: adds ? y : nil)
      #expect(forth.relativeDifference(from: plain) < Tolerance.reordered)

      let gate = Gate(low: -0.5, high: 0.25)
      let gated = try it.gathered(
        it.input, addingTo: adds ? y : nil, gate: gate, for: instructions)
      #expect(gated.scalars == forth.scalars.map { gate($0) })

      guard it.hasNoStride else { continue }
      let back = try it.gatheredPullback(
        it.cotangent, addingTo: adds ? dx : nil, for: instructions)
      let plainBack = it.backward(it.cotangent, addingTo: adds ? dx : nil)
      #expect(back.relativeDifference(from: plainBack) < Tolerance.reordered)
    }
  }

  @Test(arguments: cases, tm_isa.available)
  func `bits depend neither on the batch nor on the threads`(
    of it: ConvolutionCase, with instructions: tm_isa
  ) throws {
    let (many, one) = (it.batched(3), it.batched(1))
    let y = try many.gathered(many.input, for: instructions)
    #expect(try many.gathered(many.input, for: instructions, threads: 2).bits == y.bits)
    for index in [0, 2] {
      #expect(
        try one.gathered(many.input.item(index), for: instructions).bits == y.item(index).bits)
    }
    guard it.hasNoStride else { return }
    try it.expectSameBits { $0.gatheredStep(in: $1, for: instructions) }
  }

  @Test func `depthwise convolutions are left to others`() {
    for it in ConvolutionCase.all where it.isDepthwise {
      let bench = KernelBench()
      let x = bench.slot(it.inputShape.lying(.channelsLast))
      let y = bench.slot(it.outputShape.lying(.channelsLast))
      let forward = it.forwardKernel(bench, x, y, layout: .channelsLast)
      let backward = it.backwardKernel(bench, y, x, layout: .channelsLast)
      _ = bench.run(reading: y) { memory in
        #expect(forward.gatheredStep(in: memory) == nil)
        #expect(backward.gatheredStep(in: memory) == nil)
        return []
      }
    }
  }
}

extension ConvolutionCase {
  fileprivate var hasNoStride: Bool { rows.stride == 1 && columns.stride == 1 }

  fileprivate var isDepthwise: Bool { groups == inputs && groups == outputs && groups > 1 }

  fileprivate func gathered(
    _ input: Tensor, addingTo start: Tensor? = nil, gate: Gate? = nil, for instructions: tm_isa,
    threads: Int = 1
  ) throws -> Tensor {
    let layout = FeatureLayout.channelsLast
    let bench = KernelBench()
    let y = start.map { bench.slot($0.lying(layout)) } ?? bench.slot(outputShape.lying(layout))
    let kernel = forwardKernel(
      bench, bench.slot(input.lying(layout)), y, accumulates: start != nil, gate: gate,
      layout: layout)
    let result = try bench.run(reading: y, threads: threads) {
      [try #require(kernel.gatheredStep(in: $0, for: instructions))]
    }
    return result.channelsFirst(from: layout)
  }

  fileprivate func gatheredPullback(
    _ cotangent: Tensor, addingTo start: Tensor? = nil, for instructions: tm_isa, threads: Int = 1
  ) throws -> Tensor {
    try backward(cotangent, addingTo: start, threads: threads) {
      $0.gatheredStep(in: $1, for: instructions)
    }
  }
}
