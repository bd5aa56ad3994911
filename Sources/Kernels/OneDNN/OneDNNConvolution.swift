#if TIDEMARK_ONEDNN
  import CComputeShims
  import Tensors

  extension Convolution: OneDNNKernel {
    func oneDNNStep(in memory: Memory) -> (any Step)? {
      let shape = tm_convolution(input: input.shape, output: output.shape, geometry: geometry)
      return OneDNNConvolutionStep(
        from: input, to: output, weights: weights, bias: bias, groups: geometry.groups,
        memory: memory
      ) { choice, primitive in
        withUnsafePointer(to: shape) {
          tm_convolution_forward_create($0, bias != nil, choice, &primitive)
        }
      }
    }
  }

  extension ConvolutionPullback: OneDNNKernel {
    func oneDNNStep(in memory: Memory) -> (any Step)? {
      let shape = tm_convolution(
        input: inputCotangent.shape, output: outputCotangent.shape, geometry: geometry)
      return OneDNNConvolutionStep(
        from: outputCotangent, to: inputCotangent, weights: weights, bias: nil,
        groups: geometry.groups, accumulates: accumulates, memory: memory
      ) { choice, primitive in
        withUnsafePointer(to: shape) { tm_convolution_backward_create($0, choice, &primitive) }
      }
    }
  }

  extension tm_convolution {
    fileprivate init(input: Shape, output: Shape, geometry: ConvolutionGeometry) {
      func pair(_ number: KeyPath<Window.Axis, Int>) -> (Int64, Int64) {
        let window = geometry.window
        return (Int64(window.rows[keyPath: number]), Int64(window.columns[keyPath: number]))
      }
      self.init(
        batch: Int64(input[0]), groups: Int64(geometry.groups), inputs: Int64(input[1]),
        outputs: Int64(output[1]), input_size: (Int64(input[2]), Int64(input[3])),
        output_size: (Int64(output[2]), Int64(output[3])), taps: pair(\.taps),
        stride: pair(\.stride), dilation: pair(\.dilation), before: pair(\.before),
        after: pair(\.after))
    }
  }

  /// A convolution in either direction: operands are brought into the layouts that the library works
  /// best in, and the result is brought back.
  ///
  /// Weights are parameters and never change, so they are brought there once, when the step is made.
  private struct OneDNNConvolutionStep: Step {
    private let source: Operand
    private let target: Operand
    private let bias: Operand?
    private let memory: Memory
    private let primitive: OneDNNPrimitive
    private let weights: OneDNNBuffer
    /// Nil where the library works on the row-major array itself.
    private let entry: OneDNNPrimitive?
    private let exit: OneDNNPrimitive?
    /// Where in the scratch memory the reordered arrays and the library's own scratch lie.
    private let targetOffset: Int
    private let scratchOffset: Int

    /// Layouts to try, fastest first, given that operands come and go in row-major order: reordering
    /// into blocks of channels is cheaper than into what the library would choose.
    private static let choices = [TM_CHOICE_BLOCKS_OF_16, TM_CHOICE_BLOCKS_OF_8, TM_CHOICE_ANY]

    /// Nil where the library has nothing better than the portable kernel.
    init?(
      from source: Operand, to target: Operand, weights: Operand, bias: Operand?, groups: Int,
      accumulates: Bool = false, memory: Memory,
      creating create: (tm_layout_choice, inout OpaquePointer?) -> tm_status
    ) {
      guard case .parameter = weights.place, source.count > 0, target.count > 0 else { return nil }
      do throws(OneDNNError) {
        let primitive = try OneDNNPrimitive(firstOf: Self.choices, creating: create)
        let (plainSource, plainTarget) = (
          try OneDNNLayout(rowMajor: source.shape), try OneDNNLayout(rowMajor: target.shape)
        )
        guard let sourceLayout = primitive.layout(TM_SOURCE),
          let targetLayout = primitive.layout(TM_TARGET),
          let weightsLayout = primitive.layout(TM_WEIGHTS)
        else { return nil }

        entry =
          tm_layout_equal(plainSource.handle, sourceLayout)
          ? nil : try OneDNNPrimitive(reordering: plainSource.handle, to: sourceLayout)
        exit =
          tm_layout_equal(targetLayout, plainTarget.handle) && !accumulates
          ? nil
          : try OneDNNPrimitive(
            reordering: targetLayout, to: plainTarget.handle, adds: accumulates)

        self.weights = OneDNNBuffer(byteCount: tm_layout_byte_count(weightsLayout))
        let plainWeights = try OneDNNLayout(rowMajor: weights.shape.split(into: groups))
        let packing = try OneDNNPrimitive(reordering: plainWeights.handle, to: weightsLayout)
        packing([
          TM_SOURCE: UnsafeRawPointer(memory.read(weights)),
          TM_TARGET: UnsafeRawPointer(self.weights.start),
        ])

        targetOffset = entry == nil ? 0 : tm_layout_byte_count(sourceLayout).alignedUp
        scratchOffset =
          targetOffset + (exit == nil ? 0 : tm_layout_byte_count(targetLayout).alignedUp)
        let scratchByteCount =
          [entry, primitive, exit].compactMap { $0?.byteCount(TM_SCRATCH) }.max() ?? 0
        memory.reserveScratch(scratchOffset + scratchByteCount)
        self.primitive = primitive
      } catch {
        return nil
      }
      self.source = source
      self.target = target
      self.bias = bias
      self.memory = memory
    }

    func run() {
      let room = UnsafeRawPointer(memory.scratch())
      let scratch = room + scratchOffset
      var from = UnsafeRawPointer(memory.read(source))
      let to = UnsafeRawPointer(memory.write(target))
      if let entry {
        entry([TM_SOURCE: from, TM_TARGET: room, TM_SCRATCH: scratch])
        from = room
      }
      let result = exit == nil ? to : room + targetOffset
      let shift = UnsafeRawPointer(bias.map(memory.read) ?? memory.read(source))
      primitive([
        TM_SOURCE: from, TM_TARGET: result, TM_WEIGHTS: UnsafeRawPointer(weights.start),
        TM_BIAS: shift, TM_SCRATCH: scratch,
      ])
      exit?([TM_SOURCE: result, TM_TARGET: to, TM_SCRATCH: scratch])
    }
  }

  extension Shape {
    /// Weights `[O, C, …]` as oneDNN groups them: `[groups, O / groups, C, …]`.
    fileprivate func split(into groups: Int) -> Shape {
      groups == 1 ? self : Shape([groups, self[0] / groups] + extents.dropFirst())
    }
  }

  extension Int {
    /// The next multiple of the alignment of memory.
    fileprivate var alignedUp: Int { (self + Memory.alignment - 1) & ~(Memory.alignment - 1) }
  }
#endif
