#if TIDEMARK_ONEDNN
  import CComputeShims
  import Tensors

  extension ConvolutionWeightGradient: AcceleratedKernel {
    func acceleratedStep(in memory: Memory) -> (any Step)? {
      guard layout == .channelsLast, input.count > 0, outputCotangent.count > 0 else {
        return nil
      }
      return stemStep(in: memory) ?? winogradStep(in: memory)
        ?? OneDNNWeightGradientStep(self, in: memory)
    }
  }

  /// The gradient of a convolution's weights by the library, for maps with channels last. The same
  /// number of threads gives the same bits.
  struct OneDNNWeightGradientStep: Step {
    private let kernel: ConvolutionWeightGradient
    private let memory: Memory
    private let primitive: OneDNNPrimitive
    /// Brings the gradient into the order of the weights, and adds it to what is there if asked.
    private let unpacking: OneDNNPrimitive
    /// Where in the scratch memory the library's own scratch begins, behind the packed gradient.
    private let scratchOffset: Int

    /// Nil where the library has nothing better than the portable kernel.
    init?(_ kernel: ConvolutionWeightGradient, in memory: Memory) {
      let shape = tm_convolution(
        input: kernel.input.shape, output: kernel.outputCotangent.shape,
        geometry: kernel.geometry)
      do throws(OneDNNError) {
        let primitive = try OneDNNPrimitive { (made: inout OpaquePointer?) in
          withUnsafePointer(to: shape) { tm_convolution_weights_create($0, &made) }
        }
        guard let layout = primitive.layout(TM_TARGET) else { return nil }
        let plain = try OneDNNLayout(
          rowMajor: kernel.weightsCotangent.shape.split(into: kernel.geometry.groups))
        unpacking = try OneDNNPrimitive(
          reordering: layout, to: plain.handle, adds: kernel.accumulates)
        self.primitive = primitive
      } catch {
        return nil
      }
      scratchOffset = Memory.aligned(primitive.byteCount(TM_TARGET))
      memory.reserveScratch(
        scratchOffset + max(primitive.byteCount(TM_SCRATCH), unpacking.byteCount(TM_SCRATCH)))
      (self.kernel, self.memory) = (kernel, memory)
    }

    func run() {
      let room = UnsafeRawPointer(memory.scratch())
      let own = room + scratchOffset
      primitive([
        TM_SOURCE: UnsafeRawPointer(memory.read(kernel.input)),
        TM_COTANGENT: UnsafeRawPointer(memory.read(kernel.outputCotangent)), TM_TARGET: room,
        TM_SCRATCH: own,
      ])
      unpacking([
        TM_SOURCE: room,
        TM_TARGET: UnsafeRawPointer(memory.write(kernel.weightsCotangent)), TM_SCRATCH: own,
      ])
    }
  }
#endif
