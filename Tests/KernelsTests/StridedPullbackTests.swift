import CKernels
import Tensors
import Testing

@testable import Kernels

@Suite struct StridedPullbackTests {
  private static func make(
    _ name: String, batch: Int = 1, _ inputs: Int, _ outputs: Int, _ height: Int, _ width: Int,
    rows: Window.Axis?, columns: Window.Axis?
  ) -> ConvolutionCase? {
    ConvolutionCase(
      name, batch: batch, inputs: inputs, outputs: outputs, height: height, width: width,
      rows: rows, columns: columns)
  }

  /// All that skip pixels or spread their taps, and what is hard for phases, bands and pieces.
  static let cases =
    (ConvolutionCase.all + ConvolutionCase.networks).filter { it in
      it.groups == 1 && [it.rows, it.columns].contains { $0.stride > 1 || $0.dilation > 1 }
    }
    + [
      make(
        "shortcut of an odd map", batch: 2, 40, 24, 13, 15, rows: .init(taps: 1, stride: 2),
        columns: .init(taps: 1, stride: 2)),
      make(
        "shortcut", 100, 64, 14, 14, rows: .init(taps: 1, stride: 2),
        columns: .init(taps: 1, stride: 2)),
      make(
        "3x3 in bands", 70, 256, 30, 34, rows: .init(taps: 3, stride: 2, before: 1, after: 1),
        columns: .init(taps: 3, stride: 2, before: 1, after: 1)),
      make(
        "uneven padding", batch: 3, 17, 9, 11, 12,
        rows: .init(taps: 3, stride: 2, before: 0, after: 1),
        columns: .init(taps: 5, stride: 3, before: 2, after: 0)),
      make(
        "dilated", 20, 33, 15, 16, rows: .init(taps: 3, dilation: 2, before: 2, after: 2),
        columns: .init(taps: 3, dilation: 3, before: 1, after: 4)),
      make(
        "dilation that strides divide", 6, 8, 20, 20,
        rows: .init(taps: 3, stride: 2, dilation: 4, before: 4, after: 4),
        columns: .init(taps: 3, stride: 2, dilation: 2, before: 1, after: 2)),
      make(
        "phases without taps, and without pixels", 5, 8, 3, 25, rows: .init(taps: 2, stride: 5),
        columns: .init(taps: 1, stride: 3)),
    ].compactMap(\.self)

  @Test(arguments: cases, tm_isa.available)
  func `phases agree with the portable kernel`(
    on it: ConvolutionCase, with instructions: tm_isa
  ) throws {
    try it.expectPullback { $0.stridedStep(in: $1, for: instructions) }
  }

  @Test(arguments: cases, tm_isa.available)
  func `bits depend neither on the batch nor on the threads`(
    of it: ConvolutionCase, with instructions: tm_isa
  ) throws {
    try it.expectSameBits { $0.stridedStep(in: $1, for: instructions) }
  }
}
