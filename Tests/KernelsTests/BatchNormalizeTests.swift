import CKernels
import Tensors
import Testing

@testable import Kernels

/// The normalisation of a batch with what follows it, each way.
@Suite struct BatchNormalizeTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var shape: Shape = [3, 19, 7, 10]
    var gate: Gate?
    var hasAddend = false
    var windows = BatchNormalize.Windows.none
    var accumulates = false

    var outputShape: Shape {
      [shape[0], shape[1], shape[2] / windows.rows, shape[3] / windows.columns]
    }
  }

  static let cases: [Case] = [
    Case(testDescription: "alone"),
    Case(testDescription: "with a rectifier", gate: .rectifier),
    Case(
      testDescription: "with two bounds, added to what is there", gate: Gate(low: 0, high: 0.5),
      accumulates: true),
    Case(testDescription: "with an addend", gate: .rectifier, hasAddend: true),
    Case(
      testDescription: "with an addend, many channels", shape: [2, 96, 5, 3], gate: .rectifier,
      hasAddend: true, accumulates: true),
    Case(
      testDescription: "with windows that leave a rest", gate: .rectifier,
      windows: .init(rows: 2, columns: 3)),
    Case(
      testDescription: "with windows and no gate", shape: [2, 40, 6, 8],
      windows: .init(rows: 2, columns: 2), accumulates: true),
    Case(
      testDescription: "of more than one piece", shape: [4, 32, 40, 30], gate: .rectifier,
      windows: .init(rows: 2, columns: 2)),
    Case(testDescription: "of long sums", shape: [4, 16, 60, 50], gate: .rectifier),
    Case(testDescription: "of a single position", shape: [5, 33, 1, 1], gate: .rectifier),
  ]

  /// What is computed, each as `[N, C, H, W]` or `[C]`.
  private func results(
    _ subject: Case, layout: FeatureLayout, engine: Engine, threads: Int = 1
  ) -> [Tensor] {
    let bench = KernelBench()
    let channels: Shape = [subject.shape[1]]
    func map(_ shape: Shape, _ seed: UInt64) -> Operand {
      bench.slot(Tensor.random(shape, seed: seed).lying(layout))
    }
    let (mean, variance) = (bench.slot(channels), bench.slot(channels))
    let x = map(subject.shape, 1)
    let output = bench.slot(subject.outputShape.lying(layout))
    let (items, _, plane) = subject.shape.features(.channelsFirst)
    let moments = Moments(
      input: x, mean: mean, variance: variance,
      grouping: layout == .channelsFirst
        ? Grouping(outer: items, count: channels[0], inner: plane)
        : Grouping(outer: items * plane, count: channels[0], inner: 1))
    let forward = BatchNormalize(
      input: x, mean: mean, variance: variance,
      gamma: bench.parameter(.random(channels, seed: 2)),
      beta: bench.parameter(.random(channels, seed: 3)), output: output, epsilon: 1e-5,
      addend: subject.hasAddend ? map(subject.shape, 4) : nil, gate: subject.gate,
      windows: subject.windows, layout: layout)
    let dx =
      subject.accumulates ? map(subject.shape, 5) : bench.slot(subject.shape.lying(layout))
    let (dGamma, dBeta) = (bench.slot(channels), bench.slot(channels))
    let passed = subject.hasAddend ? bench.slot(subject.shape.lying(layout)) : nil
    let pullback = BatchNormalizePullback(
      of: forward, outputCotangent: map(subject.outputShape, 6), inputCotangent: dx,
      gammaCotangent: dGamma, betaCotangent: dBeta, addendCotangent: passed,
      accumulates: subject.accumulates)
    return ([mean, variance, output, dx, dGamma, dBeta] + (passed.map { [$0] } ?? [])).map {
      let found = bench.run(
        [moments, forward, pullback], reading: $0, on: engine, threads: threads)
      return $0.shape.rank == 4 ? found.channelsFirst(from: layout) : found
    }
  }

  /// Rounding of sums over some thousand positions.
  static let tolerance: Float = 5e-6

  @Test(arguments: cases)
  func `channels may lie last`(_ subject: Case) {
    let expected = results(subject, layout: .channelsFirst, engine: .portable)
    let found = results(subject, layout: .channelsLast, engine: .portable)
    for (found, expected) in zip(found, expected) {
      #expect(found.relativeDifference(from: expected) < Self.tolerance)
    }
  }

  #if TIDEMARK_ONEDNN
    @Test(arguments: cases, tm_isa.available)
    func `fast steps agree with the portable kernels`(
      _ subject: Case, with instructions: tm_isa
    ) {
      tm_isa_limit(instructions)
      defer { tm_isa_limit(TM_ISA_AVX512) }
      let expected = results(subject, layout: .channelsFirst, engine: .portable)
      let found = results(subject, layout: .channelsLast, engine: .oneDNN)
      for (found, expected) in zip(found, expected) {
        #expect(found.relativeDifference(from: expected) < Self.tolerance)
      }
    }

    @Test(arguments: cases)
    func `bits do not depend on the threads`(_ subject: Case) {
      let one = results(subject, layout: .channelsLast, engine: .oneDNN)
      let two = results(subject, layout: .channelsLast, engine: .oneDNN, threads: 2)
      #expect(one.map(\.bits) == two.map(\.bits))
    }
  #endif
}
