import Kernels
import Tensors
import Testing

@testable import Kernels

@Suite struct ConvolutionTests {
  @Test(arguments: ConvolutionCase.all)
  func `forward is the sum over taps and channels`(of it: ConvolutionCase) {
    for hasBias in [true, false] {
      let expected = it.naiveForward(hasBias: hasBias)
      let found = it.forward(it.input, hasBias: hasBias)
      #expect(found.relativeDifference(from: expected) < Tolerance.reordered)
    }
  }

  @Test(arguments: ConvolutionCase.all)
  func `the pullback is the adjoint`(of it: ConvolutionCase) {
    let dx = it.backward(it.cotangent)
    #expect(dx.isFinite)
    let forth = it.cotangent.dot(it.forward(it.input, hasBias: false))
    let back = dx.dot(it.input)
    // Both are sums of as many terms of either sign; what cancels must not be counted as precision.
    let scale = Double(it.outputShape.count).squareRoot()
    #expect(abs(forth - back) < Double(Tolerance.reordered) * max(scale, abs(forth)))
  }

  @Test(arguments: ConvolutionCase.all)
  func `a pullback that accumulates adds to what is there`(of it: ConvolutionCase) {
    let start = Tensor.random(it.inputShape, seed: 5)
    let expected = it.backward(it.cotangent) + start
    let found = it.backward(it.cotangent, addingTo: start)
    #expect(found.relativeDifference(from: expected) < Tolerance.reordered)
  }

  @Test(arguments: ConvolutionCase.all)
  func `a picture's result does not depend on its neighbours in the batch`(of it: ConvolutionCase) {
    let many = it.batched(3)
    let y = many.forward(many.input)
    let dx = many.backward(many.cotangent)
    let one = it.batched(1)
    for index in 0..<3 {
      #expect(y.item(index).bits == one.forward(many.input.item(index)).bits)
      #expect(dx.item(index).bits == one.backward(many.cotangent.item(index)).bits)
    }
  }

  @Test(arguments: ConvolutionCase.all)
  func `the weights' gradient is the adjoint, too`(of it: ConvolutionCase) {
    let bench = KernelBench()
    let dw = bench.slot(it.weights.shape)
    let kernel = ConvolutionWeightGradient(
      input: bench.slot(it.input), outputCotangent: bench.slot(it.cotangent),
      weightsCotangent: dw, geometry: it.geometry)
    let found = bench.run(kernel, reading: dw).dot(it.weights)
    let expected = it.cotangent.dot(it.forward(it.input, hasBias: false))
    let scale = Double(it.outputShape.count).squareRoot()
    #expect(abs(found - expected) < Double(Tolerance.reordered) * max(scale, abs(expected)))
  }

  @Test func `memory does not grow with a picture's height`() throws {
    func workspace(_ height: Int) -> Int {
      let taps = Window.Axis(taps: 3, before: 1, after: 1)
      let it = ConvolutionCase(
        "tall", inputs: 64, outputs: 8, height: height, width: 100, rows: taps, columns: taps)
      let bench = KernelBench()
      return it.map {
        $0.forwardKernel(bench, bench.slot($0.inputShape), bench.slot($0.outputShape))
          .workspaceByteCount
      } ?? 0
    }
    #expect(workspace(1000) == workspace(100))
  }
}
