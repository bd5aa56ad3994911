import Tensors
import Testing

@testable import Kernels

@Suite struct SparsePullbackTests {
  /// A pointwise convolution to many channels.
  private func sparse(batch: Int = 1) throws -> ConvolutionCase {
    var it = try #require(
      ConvolutionCase(
        "pointwise", batch: batch, inputs: 24, outputs: 100, height: 5, width: 7,
        rows: .init(taps: 1), columns: .init(taps: 1)))
    it.expectsZeros = true
    return it
  }

  @Test func `a cotangent without zeros is carried back as well`() throws {
    try sparse(batch: 2).expectPullback { $0.sparseStep(in: $1) }
    try sparse().expectSameBits { $0.sparseStep(in: $1) }
  }

  @Test func `channels of other classes in the batch change no bit`() throws {
    // Each item asks for a class of its own.
    let (one, three) = (try sparse(), try sparse(batch: 3))
    let plane = one.height * one.width
    let cotangent = Tensor(
      (0..<three.outputShape.count).map { at in
        let (item, channel) = (at / plane / 100, at / plane % 100)
        return channel == [3, 3, 97][item] ? three.cotangent[at] : 0
      }, shape: three.outputShape)
    let whole = try three.backward(cotangent) { $0.sparseStep(in: $1) }
    #expect(whole.relativeDifference(from: three.backward(cotangent)) < Tolerance.reordered)
    for index in 0..<3 {
      let alone = try one.backward(cotangent.item(index)) { $0.sparseStep(in: $1) }
      #expect(alone.bits == whole.item(index).bits)
    }
  }

  @Test func `other convolutions are left to others`() throws {
    var dense = try sparse()
    dense.expectsZeros = false
    let strided = try #require(
      ConvolutionCase.all.first { $0.description == "pointwise with stride" })
    for it in [dense, strided] {
      _ = try it.backward(it.cotangent) { kernel, memory in
        #expect(kernel.sparseStep(in: memory) == nil)
        return VectorStep(in: memory) { _ in }
      }
    }
  }
}
