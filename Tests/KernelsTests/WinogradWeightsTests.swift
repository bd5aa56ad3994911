import CKernels
import Tensors
import Testing

@testable import Kernels

@Suite struct WinogradWeightsTests {
  /// What may be done with the result.
  struct Finish: CustomTestStringConvertible {
    var hasBias = false
    var accumulates = false
    var bounds: ClosedRange<Float> = -Float.infinity...Float.infinity

    var testDescription: String {
      (hasBias ? "bias " : "") + (accumulates ? "sum " : "") + "\(bounds)"
    }

    static let all = [
      Finish(), Finish(hasBias: true), Finish(accumulates: true),
      Finish(bounds: 0...Float.infinity),
      Finish(hasBias: true, accumulates: true, bounds: 0...6),
    ]
  }

  private static func make(
    _ name: String, batch: Int = 1, _ inputs: Int, _ outputs: Int, _ height: Int, _ width: Int,
    rows: (before: Int, after: Int) = (1, 1), columns: (before: Int, after: Int) = (1, 1)
  ) -> ConvolutionCase? {
    ConvolutionCase(
      name, batch: batch, inputs: inputs, outputs: outputs, height: height, width: width,
      rows: .init(taps: 3, before: rows.before, after: rows.after),
      columns: .init(taps: 3, before: columns.before, after: columns.after))
  }

  static let cases = [
    make("3 to 10 at 7x7", 3, 10, 7, 7),
    make("24 to 40 at 5x13", 24, 40, 5, 13),
    make("one pixel", 5, 7, 1, 1),
    make("whole tiles without padding", 16, 16, 10, 14, rows: (0, 0), columns: (0, 0)),
    make("wide padding", 4, 33, 6, 3, rows: (2, 2), columns: (2, 2)),
    make("uneven padding", batch: 3, 17, 3, 9, 8, rows: (0, 1), columns: (2, 0)),
    make("many tiles", 2, 3, 29, 31),
    make("long sums", 300, 6, 5, 6),
  ].compactMap(\.self)

  @Test(arguments: cases, Finish.all)
  func `tiles agree with the portable kernel`(on it: ConvolutionCase, finish: Finish) {
    let start = Tensor.random(it.outputShape, seed: 5)
    var sum = it.forward(it.input, hasBias: finish.hasBias)
    if finish.accumulates { sum.add(start, scaledBy: 1) }
    let expected = sum.limited(to: finish.bounds)
    for instructions in tm_isa.available {
      let found = it.tiled(it.input, addingTo: start, finish, for: instructions)
      // Bounds bring values no further apart, and may leave little but zeros.
      #expect(found.error(from: expected, relativeTo: sum) < Self.tolerance)
    }
  }

  @Test(arguments: cases, tm_isa.available)
  func `turned weights make the pullback`(on it: ConvolutionCase, with instructions: tm_isa) {
    let found = it.tiledPullback(for: instructions)
    #expect(found.error(from: it.backward(it.cotangent)) < Self.tolerance)
  }

  /// Measured: 5e-7 for 3 channels, 1.7e-6 for 512. The plain sum has half of it.
  static let tolerance = 2e-6

  @Test func `many channels keep the precision`() throws {
    let it = try #require(Self.make("wide", 512, 16, 8, 8))
    let some = Array(stride(from: 0, to: it.outputShape.count, by: 7))
    let expected = Tensor(it.naiveForward(at: some, hasBias: false), shape: [some.count])
    for instructions in tm_isa.available {
      let start = Tensor(repeating: 0, shape: it.outputShape)
      let all = it.tiled(it.input, addingTo: start, Finish(), for: instructions)
      let found = Tensor(some.map { all[$0] }, shape: [some.count])
      #expect(found.error(from: expected) < Self.tolerance)
    }
  }

  @Test(arguments: cases, tm_isa.available)
  func `bits depend neither on the batch nor on the threads`(
    of it: ConvolutionCase, with instructions: tm_isa
  ) {
    let finish = Finish(hasBias: true, accumulates: true, bounds: -1...1)
    // Two threads work apart on many tiles and together on the others.
    let many = it.batched(3)
    let start = Tensor.random(many.outputShape, seed: 5)
    func result(threads: Int) -> Tensor {
      many.tiled(many.input, addingTo: start, finish, for: instructions, threads: threads)
    }
    let whole = result(threads: 1)
    #expect(result(threads: 2).bits == whole.bits)
    for index in [0, 2] {
      let alone = it.batched(1).tiled(
        many.input.item(index), addingTo: start.item(index), finish, for: instructions, threads: 2)
      #expect(alone.bits == whole.item(index).bits)
    }
  }

  @Test func `NaN passes the bounds, and stays in its tile`() throws {
    let it = try #require(Self.make("", 1, 1, 12, 12))
    var input = it.input.scalars
    input[0] = .nan
    for instructions in tm_isa.available {
      let found = it.tiled(
        Tensor(input, shape: it.inputShape), addingTo: it.cotangent, Finish(bounds: 0...1),
        for: instructions)
      #expect(found[0].isNaN)
      #expect(!found[5].isNaN)
    }
  }

  @Test func `tiles are for windows of 3x3, and for maps that fill them`() throws {
    let it = try #require(Self.make("", 8, 8, 8, 8))
    #expect(Winograd.covers(it.geometry))
    for other in ConvolutionCase.all where other.rows.taps != 3 || other.rows.stride != 1 {
      #expect(!Winograd.covers(other.geometry))
    }
    func pays(_ inputs: Int, _ outputs: Int, _ side: Int) -> Bool {
      Winograd.pays(inputs: inputs, outputs: outputs, outputHeight: side, outputWidth: side)
    }
    #expect(pays(64, 64, 224) && pays(512, 512, 14) && pays(16, 64, 55) && pays(32, 32, 4))
    #expect(!pays(3, 64, 224) && !pays(512, 512, 7) && !pays(64, 64, 1) && !pays(64, 64, 2))
  }
}

extension ConvolutionCase {
  /// The convolution in tiles, between maps that lie in the plain order.
  fileprivate func tiled(
    _ input: Tensor, addingTo start: Tensor, _ finish: WinogradWeightsTests.Finish,
    for instructions: tm_isa, threads: Int = 1
  ) -> Tensor {
    ComputeThreads.setWidth(threads)
    let packed = WinogradWeights(
      weights, inputs: inputs, outputs: outputs, for: instructions)
    let maps = WinogradWeights.Maps(
      batch: batch, height: height, width: width, before: (rows.before, columns.before),
      outputHeight: outputShape[2], outputWidth: outputShape[3])
    return Self.run(
      packed, maps, input, start, bias: finish.hasBias ? bias.scalars : nil,
      accumulates: finish.accumulates, bounds: finish.bounds)
  }

  /// The pullback as a convolution with turned weights.
  fileprivate func tiledPullback(for instructions: tm_isa) -> Tensor {
    ComputeThreads.setWidth(1)
    let packed = WinogradWeights(
      weights, inputs: outputs, outputs: inputs, isTurned: true, for: instructions)
    let maps = WinogradWeights.Maps(
      batch: batch, height: outputShape[2], width: outputShape[3],
      before: (2 - rows.before, 2 - columns.before), outputHeight: height, outputWidth: width)
    return Self.run(packed, maps, cotangent, Tensor(repeating: .nan, shape: inputShape))
  }

  private static func run(
    _ packed: WinogradWeights, _ maps: WinogradWeights.Maps, _ input: Tensor, _ start: Tensor,
    bias: [Float]? = nil, accumulates: Bool = false,
    bounds: ClosedRange<Float> = -Float.infinity...Float.infinity
  ) -> Tensor {
    let target = start.channelsLast
    var output = target.scalars
    let scratch = UnsafeMutablePointer<Float>.aligned(
      byteCount: packed.scratchByteCount(for: maps))
    defer { scratch.deallocate() }
    packed.run(
      maps, input.channelsLast.scalars, into: &output, bias: bias, accumulates: accumulates,
      bounds: bounds, scratch: scratch)
    return Tensor(output, shape: target.shape).channelsFirst
  }
}

extension Tensor {
  fileprivate func limited(to bounds: ClosedRange<Float>) -> Tensor {
    Tensor(scalars.map { min(max($0, bounds.lowerBound), bounds.upperBound) }, shape: shape)
  }

  /// The length of the difference, relative to that of the expected or of other values.
  fileprivate func error(from expected: Tensor, relativeTo scale: Tensor? = nil) -> Double {
    let (difference, scale) = (self - expected, scale ?? expected)
    return (difference.dot(difference) / scale.dot(scale)).squareRoot()
  }
}
