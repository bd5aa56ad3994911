import CKernels
import Kernels
import Tensors
import Testing

@testable import Kernels

@Suite struct StemPullbackTests {
  private static func make(
    _ name: String, batch: Int = 1, _ inputs: Int, _ outputs: Int, _ height: Int, _ width: Int,
    rows: Window.Axis?, columns: Window.Axis?
  ) -> ConvolutionCase? {
    ConvolutionCase(
      name, batch: batch, inputs: inputs, outputs: outputs, height: height, width: width,
      rows: rows, columns: columns)
  }

  /// All that have few channels and one group, and what is hard for strips, phases and bands.
  static let cases =
    (ConvolutionCase.all + ConvolutionCase.networks).filter { $0.inputs <= 4 && $0.groups == 1 }
    + [
      make(
        "ResNet", 3, 64, 64, 61, rows: .init(taps: 7, stride: 2, before: 3, after: 3),
        columns: .init(taps: 7, stride: 2, before: 3, after: 3)),
      make(
        "VGG, in bands", 3, 96, 70, 66, rows: .init(taps: 3, before: 1, after: 1),
        columns: .init(taps: 3, before: 1, after: 1)),
      make(
        "SqueezeNet", 3, 64, 43, 47, rows: .init(taps: 3, stride: 2),
        columns: .init(taps: 3, stride: 2)),
      make(
        "MobileNet", batch: 2, 3, 32, 33, 32, rows: .init(taps: 3, stride: 2, before: 1, after: 1),
        columns: .init(taps: 3, stride: 2, before: 1, after: 1)),
      make(
        "EfficientNet", 3, 40, 34, 36, rows: .init(taps: 3, stride: 2, before: 0, after: 1),
        columns: .init(taps: 3, stride: 2, before: 0, after: 1)),
      make(
        "AlexNet", 3, 17, 41, 63, rows: .init(taps: 11, stride: 4, before: 2, after: 2),
        columns: .init(taps: 11, stride: 4, before: 2, after: 2)),
      make(
        "patches", 3, 50, 32, 48, rows: .init(taps: 16, stride: 16),
        columns: .init(taps: 16, stride: 16)),
      make(
        "grey", 1, 6, 28, 28, rows: .init(taps: 5, before: 2, after: 2),
        columns: .init(taps: 5, before: 2, after: 2)),
      make(
        "two channels, stride 3", 2, 19, 17, 100,
        rows: .init(taps: 4, stride: 3, before: 2, after: 0),
        columns: .init(taps: 5, stride: 3, before: 0, after: 3)),
      make(
        "four channels, dilated", 4, 33, 21, 90,
        rows: .init(taps: 3, stride: 2, dilation: 2, before: 1, after: 2),
        columns: .init(taps: 4, stride: 3, dilation: 3, before: 4, after: 1)),
      make(
        "dilation that strides divide", 3, 8, 20, 20,
        rows: .init(taps: 3, stride: 2, dilation: 4, before: 4, after: 4),
        columns: .init(taps: 3, stride: 2, dilation: 2, before: 1, after: 2)),
      make(
        "steps over pixels", 3, 8, 23, 25, rows: .init(taps: 2, stride: 5),
        columns: .init(taps: 1, stride: 3)),
      make("pointwise", 3, 20, 9, 40, rows: .init(taps: 1), columns: .init(taps: 1)),
      make(
        "one pixel", batch: 3, 3, 7, 1, 1, rows: .init(taps: 3, before: 1, after: 1),
        columns: .init(taps: 3, before: 1, after: 1)),
    ].compactMap(\.self)

  @Test(arguments: cases, tm_isa.available)
  func `the stem's pullback agrees with the portable kernel`(
    on it: ConvolutionCase, with instructions: tm_isa
  ) throws {
    try it.expectPullback { $0.stemStep(in: $1, for: instructions) }
  }

  @Test(arguments: cases, tm_isa.available)
  func `bits depend neither on the batch nor on the threads`(
    of it: ConvolutionCase, with instructions: tm_isa
  ) throws {
    try it.expectSameBits { $0.stemStep(in: $1, for: instructions) }
  }

  @Test func `NaN stays where its window reaches`() throws {
    let it = try #require(
      Self.make(
        "", 3, 20, 24, 40, rows: .init(taps: 3, before: 1, after: 1),
        columns: .init(taps: 3, before: 1, after: 1)))
    var cotangent = it.cotangent.scalars
    // Of the first channel, in the corner.
    cotangent[0] = .nan
    for instructions in tm_isa.available {
      let found = try it.backward(Tensor(cotangent, shape: it.outputShape)) {
        $0.stemStep(in: $1, for: instructions)
      }
      for (position, value) in found.scalars.enumerated() {
        #expect(value.isNaN == (position / 40 % 24 < 2 && position % 40 < 2))
      }
    }
  }

  @Test func `groups, many channels and endless rows are left to others`() {
    for it in ConvolutionCase.all where it.groups > 1 || it.inputs > 4 {
      #expect(!it.hasStemStep(.channelsLast))
    }
    for it in Self.cases {
      #expect(it.hasStemStep(.channelsLast))
      #expect(!it.hasStemStep(.channelsFirst))
    }
    let wide = Self.make("", 3, 64, 1, 100_000, rows: .init(taps: 1), columns: .init(taps: 1))
    #expect(wide?.hasStemStep(.channelsLast) == false)
  }
}

extension ConvolutionCase {
  fileprivate func hasStemStep(_ layout: FeatureLayout) -> Bool {
    let bench = KernelBench()
    let (dy, dx) = (bench.slot(outputShape.lying(layout)), bench.slot(inputShape.lying(layout)))
    let kernel = backwardKernel(bench, dy, dx, layout: layout)
    var found = false
    _ = bench.run(reading: dx) { memory in
      found = kernel.stemStep(in: memory) != nil
      return []
    }
    return found
  }
}
