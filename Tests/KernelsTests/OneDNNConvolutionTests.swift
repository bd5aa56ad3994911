#if TIDEMARK_ONEDNN
  import Kernels
  import Tensors
  import Testing

  @testable import Kernels

  @Suite struct OneDNNConvolutionTests {
    static let cases = ConvolutionCase.all + ConvolutionCase.networks

    @Test(arguments: ConvolutionCase.all)
    func `forward agrees with the portable kernel`(on it: ConvolutionCase) {
      for hasBias in [true, false] {
        let plain = it.forward(it.input, hasBias: hasBias)
        let fast = it.forward(it.input, hasBias: hasBias, on: .oneDNN)
        #expect(fast.relativeDifference(from: plain) < Tolerance.reordered)
      }
    }

    @Test(arguments: cases)
    func `a gate at the end changes no bit, and a sum only the order of additions`(
      on it: ConvolutionCase
    ) {
      let start = Tensor.random(it.outputShape, seed: 6)
      let plain = it.forward(it.input, on: .oneDNN)
      let sum = it.forward(it.input, addingTo: start, on: .oneDNN)
      #expect(sum.relativeDifference(from: plain + start) < Tolerance.reordered)
      for gate in [Gate.rectifier, Gate(low: -0.5, high: 0.25)] {
        #expect(it.forward(it.input, gate: gate, on: .oneDNN) == plain.mapped { gate($0) })
        let gated = it.forward(it.input, addingTo: start, gate: gate, on: .oneDNN)
        #expect(gated == sum.mapped { gate($0) })
      }
    }

    @Test(arguments: ConvolutionCase.all)
    func `the portable kernel works in both orders`(on it: ConvolutionCase) {
      let start = Tensor.random(it.outputShape, seed: 6)
      let layout = FeatureLayout.channelsLast
      let bench = KernelBench()
      let y = bench.slot(start.lying(layout))
      let kernel = it.forwardKernel(
        bench, bench.slot(it.input.lying(layout)), y, accumulates: true, gate: .rectifier,
        layout: layout)
      #expect(
        bench.run(kernel, reading: y).channelsFirst(from: layout)
          == it.forward(it.input, addingTo: start, gate: .rectifier))
      let other = KernelBench()
      let dx = other.slot(it.input.lying(layout))
      let pullback = it.backwardKernel(
        other, other.slot(it.cotangent.lying(layout)), dx, accumulates: true, layout: layout)
      #expect(
        other.run(pullback, reading: dx).channelsFirst(from: layout)
          == it.backward(it.cotangent, addingTo: it.input))
    }

    @Test(arguments: ConvolutionCase.all)
    func `the pullback agrees with the portable kernel`(on it: ConvolutionCase) {
      let plain = it.backward(it.cotangent)
      let fast = it.backward(it.cotangent, on: .oneDNN)
      #expect(fast.relativeDifference(from: plain) < Tolerance.reordered)

      let start = Tensor.random(it.inputShape, seed: 5)
      let plainSum = it.backward(it.cotangent, addingTo: start)
      let fastSum = it.backward(it.cotangent, addingTo: start, on: .oneDNN)
      #expect(fastSum.relativeDifference(from: plainSum) < Tolerance.reordered)
    }

    @Test(arguments: ConvolutionCase.networks)
    func `forward agrees with the definition, and the pullback is its adjoint`(
      on it: ConvolutionCase
    ) {
      let y = it.forward(it.input, on: .oneDNN)
      let some = Array(stride(from: 0, to: y.count, by: y.count / 31 + 1))
      let expected = it.naiveForward(at: some)
      for (position, value) in zip(some, expected) {
        #expect(abs(y[position] - value) < Tolerance.reordered * y.largestMagnitude)
      }
      let forth = it.cotangent.dot(it.forward(it.input, hasBias: false, on: .oneDNN))
      let back = it.backward(it.cotangent, on: .oneDNN).dot(it.input)
      let scale = Double(y.count).squareRoot() * Double(y.largestMagnitude)
      #expect(abs(forth - back) < Double(Tolerance.reordered) * scale)
    }

    @Test(arguments: cases)
    func `no shape falls back to plain loops, of ours or of the library`(on it: ConvolutionCase) {
      let bench = KernelBench()
      let layout = FeatureLayout.channelsLast
      let x = bench.slot(it.inputShape.lying(layout))
      let y = bench.slot(it.outputShape.lying(layout))
      let kernels: [any Kernel] = [
        it.forwardKernel(bench, x, y, layout: layout),
        it.forwardKernel(bench, x, y, accumulates: true, gate: .rectifier, layout: layout),
        it.backwardKernel(bench, y, x, layout: layout),
      ]
      _ = bench.run(reading: y) { memory in
        for step in kernels.map({ Engine.oneDNN.step(for: $0, in: memory) }) {
          #expect(!(step is PortableStep))
          guard let step = step as? OneDNNConvolutionStep else { continue }
          let name = step.convolution.implementation
          // Products by the library's general matrix product would change with threads and batch.
          #expect(name.hasPrefix("jit") || name.hasPrefix("br"))
        }
        return []
      }
    }

    @Test(arguments: cases)
    func `the number of threads does not change a bit`(on it: ConvolutionCase) {
      let start = Tensor.random(it.inputShape, seed: 5)
      func results(threads: Int) -> [[UInt32]] {
        [
          it.forward(it.input, on: .oneDNN, threads: threads).bits,
          it.backward(it.cotangent, on: .oneDNN, threads: threads).bits,
          it.backward(it.cotangent, addingTo: start, on: .oneDNN, threads: threads).bits,
        ]
      }
      let expected = results(threads: 1)
      for threads in [1, 2] { #expect(results(threads: threads) == expected) }
    }

    @Test(arguments: cases, [2, 4])
    func `a picture's result does not depend on its neighbours in the batch`(
      on it: ConvolutionCase, batch: Int
    ) {
      let (many, one) = (it.batched(batch), it.batched(1))
      let y = many.forward(many.input, on: .oneDNN)
      let dx = many.backward(many.cotangent, on: .oneDNN)
      for index in [0, batch - 1] {
        #expect(y.item(index).bits == one.forward(many.input.item(index), on: .oneDNN).bits)
        #expect(
          dx.item(index).bits == one.backward(many.cotangent.item(index), on: .oneDNN).bits)
      }
    }
  }

  extension Tensor {
    fileprivate func mapped(_ function: (Float) -> Float) -> Tensor {
      Tensor(scalars.map(function), shape: shape)
    }
  }
#endif
