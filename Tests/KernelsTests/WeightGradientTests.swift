import CKernels
import Tensors
import Testing

@testable import Kernels

/// Gradients of convolutions' weights by the fast engine.
@Suite struct WeightGradientTests {
  static let cases = (ConvolutionCase.all + ConvolutionCase.networks).map { $0.batched(2) }
  /// Those that tiles can compute.
  static let tiled = cases.filter { Winograd.covers($0.geometry) }

  /// Those whose input has few channels.
  static let stems = cases.filter { $0.inputs <= 4 && $0.groups == 1 }

  private func gradient(
    _ subject: ConvolutionCase, layout: FeatureLayout, addingTo start: Tensor? = nil,
    threads: Int = 1, by step: (ConvolutionWeightGradient, Memory) throws -> any Step
  ) rethrows -> Tensor {
    let bench = KernelBench()
    let dw = start.map { bench.slot($0) } ?? bench.slot(subject.weights.shape)
    let kernel = ConvolutionWeightGradient(
      input: bench.slot(subject.input.lying(layout)),
      outputCotangent: bench.slot(subject.cotangent.lying(layout)), weightsCotangent: dw,
      geometry: subject.geometry, accumulates: start != nil, layout: layout)
    return try bench.run(
      reading: dw, workspaceByteCount: kernel.workspaceByteCount, threads: threads
    ) { [try step(kernel, $0)] }
  }

  private func expectAgreement(
    _ subject: ConvolutionCase, by step: (ConvolutionWeightGradient, Memory) throws -> any Step
  ) rethrows {
    for start in [nil, Tensor.random(subject.weights.shape, seed: 5)] {
      let expected = gradient(subject, layout: .channelsFirst, addingTo: start) {
        PortableStep(kernel: $0, memory: $1)
      }
      let found = try gradient(subject, layout: .channelsLast, addingTo: start, by: step)
      #expect(found.relativeDifference(from: expected) < Tolerance.reordered)
    }
  }

  @Test(arguments: cases, Engine.available)
  func `maps may lie with channels last`(_ subject: ConvolutionCase, on engine: Engine) {
    expectAgreement(subject) { engine.step(for: $0, in: $1) }
  }

  @Test(arguments: tiled, tm_isa.available)
  func `tiles agree with the plain sum`(
    _ subject: ConvolutionCase, with instructions: tm_isa
  ) throws {
    tm_isa_limit(instructions)
    defer { tm_isa_limit(TM_ISA_AVX512) }
    try expectAgreement(subject) { try #require($0.tiledStep(in: $1)) }
  }

  @Test(arguments: tiled)
  func `bits of tiled gradients do not depend on the threads`(
    _ subject: ConvolutionCase
  ) throws {
    let one = try gradient(subject, layout: .channelsLast) { try #require($0.tiledStep(in: $1)) }
    let two = try gradient(subject, layout: .channelsLast, threads: 2) {
      try #require($0.tiledStep(in: $1))
    }
    #expect(one.bits == two.bits)
  }

  @Test(arguments: stems, tm_isa.available)
  func `lines of few channels agree with the plain sum`(
    _ subject: ConvolutionCase, with instructions: tm_isa
  ) throws {
    tm_isa_limit(instructions)
    defer { tm_isa_limit(TM_ISA_AVX512) }
    guard subject.outputs >= 4 else { return }
    try expectAgreement(subject) { try #require($0.stemStep(in: $1)) }
    let one = try gradient(subject, layout: .channelsLast) { try #require($0.stemStep(in: $1)) }
    let two = try gradient(subject, layout: .channelsLast, threads: 2) {
      try #require($0.stemStep(in: $1))
    }
    #expect(one.bits == two.bits)
  }
}
