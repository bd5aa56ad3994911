#if TIDEMARK_ONEDNN
  import CComputeShims
  import Tensors

  extension Convolution: AcceleratedKernel {
    func acceleratedStep(in memory: Memory) -> (any Step)? {
      guard weights.isParameter, input.count > 0, output.count > 0,
        let convolution = OneDNNConvolution(
          input: input.shape, weights: memory.read(weights), shapedAs: weights.shape,
          hasBias: bias != nil, output: output.shape, accumulates: accumulates,
          geometry: geometry)
      else { return nil }
      return OneDNNConvolutionStep(
        convolution, from: input, bias: bias, to: output, memory: memory)
    }
  }

  extension ConvolutionPullback: AcceleratedKernel {
    func acceleratedStep(in memory: Memory) -> (any Step)? {
      guard weights.isParameter, inputCotangent.count > 0, outputCotangent.count > 0
      else { return nil }
      if let step = OneDNNPhasedPullbackStep(of: self, memory: memory) { return step }
      guard
        let convolution = OneDNNConvolution(
          pulling: outputCotangent.shape, weights: memory.read(weights), shapedAs: weights.shape,
          to: inputCotangent.shape, accumulates: accumulates, geometry: geometry)
      else { return nil }
      return OneDNNConvolutionStep(
        convolution, from: outputCotangent, bias: nil, to: inputCotangent, memory: memory)
    }
  }

  /// A convolution in either direction between row-major arrays: they are brought into the layouts
  /// that the library works best in, and the result is brought back.
  ///
  /// Weights never change, so they are brought there once.
  struct OneDNNConvolution {
    private let primitive: OneDNNPrimitive
    private let weights: OneDNNBuffer
    /// Nil where the library works on the row-major array itself.
    private let entry: OneDNNPrimitive?
    private let exit: OneDNNPrimitive?
    /// Where in the scratch memory the reordered result and the library's own scratch lie.
    private let resultOffset: Int
    private let scratchOffset: Int

    /// Bytes of scratch memory that a run needs.
    let scratchByteCount: Int

    /// Layouts to try, fastest first, given that operands come and go in row-major order: reordering
    /// into blocks of channels is cheaper than into what the library would choose.
    private static let choices = [TM_CHOICE_BLOCKS_OF_16, TM_CHOICE_BLOCKS_OF_8, TM_CHOICE_ANY]

    /// The forward direction. Nil where the library has nothing better than the portable kernel.
    init?(
      input: Shape, weights: UnsafePointer<Float>, shapedAs weightsShape: Shape, hasBias: Bool,
      output: Shape, accumulates: Bool = false, geometry: ConvolutionGeometry
    ) {
      let shape = tm_convolution(input: input, output: output, geometry: geometry)
      self.init(
        from: input, weights: weights, shapedAs: weightsShape.split(into: geometry.groups),
        to: output, accumulates: accumulates
      ) { choice, primitive in
        withUnsafePointer(to: shape) {
          tm_convolution_forward_create($0, hasBias, choice, &primitive)
        }
      }
    }

    /// The way back. Nil where the library has nothing better than the portable kernel.
    init?(
      pulling output: Shape, weights: UnsafePointer<Float>, shapedAs weightsShape: Shape,
      to input: Shape, accumulates: Bool, geometry: ConvolutionGeometry
    ) {
      let shape = tm_convolution(input: input, output: output, geometry: geometry)
      self.init(
        from: output, weights: weights, shapedAs: weightsShape.split(into: geometry.groups),
        to: input, accumulates: accumulates
      ) { choice, primitive in
        withUnsafePointer(to: shape) { tm_convolution_backward_create($0, choice, &primitive) }
      }
    }

    private init?(
      from source: Shape, weights: UnsafePointer<Float>, shapedAs weightsShape: Shape,
      to target: Shape, accumulates: Bool,
      creating create: (tm_layout_choice, inout OpaquePointer?) -> tm_status
    ) {
      do throws(OneDNNError) {
        primitive = try OneDNNPrimitive(firstOf: Self.choices, creating: create)
        guard let sourceLayout = primitive.layout(TM_SOURCE),
          let targetLayout = primitive.layout(TM_TARGET),
          let weightsLayout = primitive.layout(TM_WEIGHTS)
        else { return nil }

        let plainSource = try OneDNNLayout(rowMajor: source)
        let comesPlain = tm_layout_equal(plainSource.handle, sourceLayout)
        entry =
          comesPlain
          ? nil : try OneDNNPrimitive(reordering: plainSource.handle, to: sourceLayout)

        let plainTarget = try OneDNNLayout(rowMajor: target)
        let goesPlain = tm_layout_equal(targetLayout, plainTarget.handle) && !accumulates
        exit =
          goesPlain
          ? nil
          : try OneDNNPrimitive(
            reordering: targetLayout, to: plainTarget.handle, adds: accumulates)

        let plainWeights = try OneDNNLayout(rowMajor: weightsShape)
        let packing = try OneDNNPrimitive(reordering: plainWeights.handle, to: weightsLayout)
        self.weights = OneDNNBuffer(byteCount: tm_layout_byte_count(weightsLayout))
        packing([
          TM_SOURCE: UnsafeRawPointer(weights), TM_TARGET: UnsafeRawPointer(self.weights.start),
        ])

        resultOffset = comesPlain ? 0 : Memory.aligned(tm_layout_byte_count(sourceLayout))
        scratchOffset =
          resultOffset + (goesPlain ? 0 : Memory.aligned(tm_layout_byte_count(targetLayout)))
      } catch {
        return nil
      }
      let own = [entry, primitive, exit].compactMap { $0?.byteCount(TM_SCRATCH) }.max() ?? 0
      scratchByteCount = scratchOffset + own
    }

    /// Computes `target`, or adds to it where the convolution accumulates. Scratch memory must be
    /// aligned as `Memory` is.
    func callAsFunction(
      from source: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
      to target: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
      let room = UnsafeRawPointer(scratch)
      let own = room + scratchOffset
      entry?([TM_SOURCE: UnsafeRawPointer(source), TM_TARGET: room, TM_SCRATCH: own])
      let input = entry == nil ? UnsafeRawPointer(source) : room
      let result = exit == nil ? UnsafeRawPointer(target) : room + resultOffset
      // Without a bias the role does not exist, and its address is not looked at.
      primitive([
        TM_SOURCE: input, TM_TARGET: result, TM_WEIGHTS: UnsafeRawPointer(weights.start),
        TM_BIAS: UnsafeRawPointer(bias ?? source), TM_SCRATCH: own,
      ])
      exit?([TM_SOURCE: result, TM_TARGET: UnsafeRawPointer(target), TM_SCRATCH: own])
    }
  }

  /// A convolution bound to operands.
  private struct OneDNNConvolutionStep: Step {
    let convolution: OneDNNConvolution
    let source: Operand
    let bias: Operand?
    let target: Operand
    let memory: Memory

    init(
      _ convolution: OneDNNConvolution, from source: Operand, bias: Operand?, to target: Operand,
      memory: Memory
    ) {
      memory.reserveScratch(convolution.scratchByteCount)
      self.convolution = convolution
      self.source = source
      self.bias = bias
      self.target = target
      self.memory = memory
    }

    func run() {
      convolution(
        from: memory.read(source), bias: bias.map(memory.read), to: memory.write(target),
        scratch: memory.scratch())
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

  extension Shape {
    /// Weights `[O, C, …]` as oneDNN groups them: `[groups, O / groups, C, …]`.
    fileprivate func split(into groups: Int) -> Shape {
      groups == 1 ? self : Shape([groups, self[0] / groups] + extents.dropFirst())
    }
  }

  extension Operand {
    /// Whether the values never change.
    fileprivate var isParameter: Bool {
      if case .parameter = place { true } else { false }
    }
  }

#endif
