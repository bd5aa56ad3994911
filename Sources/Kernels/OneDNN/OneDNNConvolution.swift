#if TIDEMARK_ONEDNN
  import CComputeShims
  import Tensors

  extension Convolution: AcceleratedKernel {
    func acceleratedStep(in memory: Memory) -> (any Step)? {
      if let step = WinogradStep(self, in: memory) { return step }
      guard layout == .channelsLast, let values = memory.weights(weights), input.count > 0,
        output.count > 0
      else { return nil }
      guard
        let convolution = OneDNNConvolution(
          input: input.shape, weights: values, output: output.shape, geometry: geometry,
          hasBias: bias != nil, ending: tm_ending(adds: accumulates, gate: gate),
          sharing: memory.packedWeights(of: weights))
      else { return gatheredStep(in: memory) }
      return OneDNNConvolutionStep(
        convolution, from: input, weights, bias: bias, to: output, memory: memory)
    }
  }

  extension ConvolutionPullback: AcceleratedKernel {
    func acceleratedStep(in memory: Memory) -> (any Step)? {
      guard layout == .channelsLast, let values = memory.weights(weights),
        inputCotangent.count > 0, outputCotangent.count > 0
      else { return nil }
      if let step = sparseStep(in: memory) { return step }
      if let step = stemStep(in: memory) { return step }
      if let step = WinogradStep(self, in: memory) { return step }
      if let step = stridedStep(in: memory) { return step }
      if let turned = geometry.turned,
        let convolution = OneDNNConvolution(
          input: outputCotangent.shape, weights: values, isTurned: true,
          output: inputCotangent.shape, geometry: turned,
          ending: tm_ending(adds: accumulates, gate: nil),
          sharing: memory.packedWeights(of: weights))
      {
        return OneDNNConvolutionStep(
          convolution, from: outputCotangent, weights, bias: nil, to: inputCotangent,
          memory: memory)
      }
      guard
        let convolution = OneDNNConvolution(
          pulling: outputCotangent.shape, weights: values, to: inputCotangent.shape,
          geometry: geometry, adds: accumulates, sharing: memory.packedWeights(of: weights))
      else { return gatheredStep(in: memory) }
      return OneDNNConvolutionStep(
        convolution, from: outputCotangent, weights, bias: nil, to: inputCotangent,
        memory: memory)
    }
  }

  /// A convolution in either direction between maps with channels last.
  struct OneDNNConvolution {
    private let primitive: OneDNNPrimitive
    private let weights: OneDNNWeights
    /// Adds the result to the target, where the library cannot do so by itself.
    private let addition: OneDNNPrimitive?
    /// Where in the scratch memory the library's own scratch begins, behind such a result.
    private let scratchOffset: Int

    /// The library's name for what computes it, such as `brgconv:avx512_core`.
    var implementation: String { primitive.name }

    /// Bytes of scratch memory that a run needs.
    let scratchByteCount: Int

    /// The forward direction between `[N, H, W, C]` and `[N, H', W', O]`. Nil where the library has
    /// nothing better than the portable kernel.
    ///
    /// - Parameters:
    ///   - weights: `[O, C / groups, taps, taps]`.
    ///   - packed: where other plans find these weights; nil where they change.
    ///   - isTurned: whether the weights are those of a convolution from output to input, whose
    ///     pullback this is.
    init?(
      input: Shape, weights: Tensor, isTurned: Bool = false, output: Shape,
      geometry: ConvolutionGeometry, hasBias: Bool = false, ending: tm_ending,
      sharing packed: PackedWeights?
    ) {
      let isWhole = !isTurned && geometry.isWhole(of: input)
      let shape =
        isWhole
        ? tm_convolution(
          input: [input[0], 1, 1, input.item.count], output: output, geometry: .pointwise)
        : tm_convolution(input: input, output: output, geometry: geometry)
      self.init(
        target: output, weights: weights, in: isTurned ? .turned : isWhole ? .inOneRow : .plain,
        groups: geometry.groups, sharing: packed
      ) { primitive in
        withUnsafePointer(to: shape) { shape in
          withUnsafePointer(to: ending) {
            tm_convolution_forward_create(shape, hasBias, $0, &primitive)
          }
        }
      }
    }

    /// The way back from `[N, H', W', O]` to `[N, H, W, C]`. Nil where the library has nothing better than
    /// the portable kernel.
    init?(
      pulling output: Shape, weights: Tensor, to input: Shape, geometry: ConvolutionGeometry,
      adds: Bool, sharing packed: PackedWeights?
    ) {
      let shape = tm_convolution(input: input, output: output, geometry: geometry)
      self.init(
        target: input, weights: weights, in: .plain, groups: geometry.groups, addsApart: adds,
        sharing: packed
      ) { primitive in
        withUnsafePointer(to: shape) { tm_convolution_backward_create($0, &primitive) }
      }
    }

    private init?(
      target: Shape, weights: Tensor, in arrangement: OneDNNWeights.Arrangement, groups: Int,
      addsApart: Bool = false, sharing packed: PackedWeights?,
      creating create: (inout OpaquePointer?) -> tm_status
    ) {
      do throws(OneDNNError) {
        let primitive = try OneDNNPrimitive(create)
        guard let layout = primitive.layout(TM_WEIGHTS) else { return nil }
        self.primitive = primitive
        func make() throws(OneDNNError) -> OneDNNWeights {
          try OneDNNWeights(weights, in: arrangement, groups: groups, layout: layout)
        }
        self.weights =
          if let packed {
            try packed.shared(
              of: weights, where: { $0.arrangement == arrangement && $0.fits(layout) },
              orMake: make)
          } else { try make() }
        if addsApart {
          let plain = try OneDNNLayout(rowMajor: target)
          addition = try OneDNNPrimitive(reordering: plain.handle, to: plain.handle, adds: true)
          scratchOffset = Memory.aligned(target.count * MemoryLayout<Float>.stride)
        } else {
          addition = nil
          scratchOffset = 0
        }
      } catch {
        return nil
      }
      let own = [primitive, addition].compactMap { $0?.byteCount(TM_SCRATCH) }.max() ?? 0
      scratchByteCount = scratchOffset + own
    }

    /// Other values in the form that the convolution wants; traps where the library cannot do again what
    /// it did before.
    func packed(_ values: Tensor) -> OneDNNWeights {
      guard let layout = primitive.layout(TM_WEIGHTS) else {
        preconditionFailure("a convolution has no weights")
      }
      do throws(OneDNNError) {
        return try OneDNNWeights(
          values, in: weights.arrangement, groups: weights.groups, layout: layout)
      } catch {
        preconditionFailure(error.message)
      }
    }

    /// Computes `target`, or adds to it where the convolution does. Scratch memory must be aligned as
    /// `Memory` is.
    ///
    /// - Parameter weights: `packed` ones in place of those that the convolution was made with.
    func callAsFunction(
      from source: UnsafePointer<Float>, weights others: OneDNNWeights? = nil,
      bias: UnsafePointer<Float>?,
      to target: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
      let room = UnsafeRawPointer(scratch)
      let own = room + scratchOffset
      let result = addition == nil ? UnsafeRawPointer(target) : room
      // Without a bias the role does not exist, and its address is not looked at.
      primitive([
        TM_SOURCE: UnsafeRawPointer(source), TM_TARGET: result,
        TM_WEIGHTS: UnsafeRawPointer((others ?? weights).start),
        TM_BIAS: UnsafeRawPointer(bias ?? source), TM_SCRATCH: own,
      ])
      addition?([TM_SOURCE: result, TM_TARGET: UnsafeRawPointer(target), TM_SCRATCH: own])
    }
  }

  /// Weights as one of the library's primitives wants them.
  final class OneDNNWeights: Packed {
    /// What is done to `[O, C / groups, taps, taps]` before the library gets it.
    enum Arrangement {
      case plain
      /// For the pullback as a convolution.
      case turned
      /// `[O, taps · taps · C, 1, 1]`: a window as large as the picture sees it as one row of values.
      case inOneRow
    }

    let arrangement: Arrangement
    let groups: Int
    let byteCount: Int
    // Written before anybody else sees it, and never again.
    nonisolated(unsafe) let start: UnsafeMutableRawPointer
    private nonisolated(unsafe) let packing: OneDNNPrimitive

    /// Packs `[O, C / groups, taps, taps]`.
    init(
      _ weights: Tensor, in arrangement: Arrangement, groups: Int, layout: OpaquePointer
    ) throws(OneDNNError) {
      let weights =
        switch arrangement {
        case .plain: weights
        case .turned: weights.turned(groups: groups)
        case .inOneRow: weights.inOneRow
        }
      let plain = try OneDNNLayout(rowMajor: weights.shape.split(into: groups))
      packing = try OneDNNPrimitive(reordering: plain.handle, to: layout)
      byteCount = max(tm_layout_byte_count(layout), 1)
      start = .allocate(byteCount: byteCount, alignment: Memory.alignment)
      self.arrangement = arrangement
      self.groups = groups
      weights.withScalars { scalars in
        guard let source = scalars.baseAddress else { return }
        let scratch = UnsafeMutableRawPointer.allocate(
          byteCount: max(packing.byteCount(TM_SCRATCH), 1), alignment: Memory.alignment)
        defer { scratch.deallocate() }
        packing([
          TM_SOURCE: UnsafeRawPointer(source), TM_TARGET: UnsafeRawPointer(start),
          TM_SCRATCH: UnsafeRawPointer(scratch),
        ])
      }
    }

    deinit { start.deallocate() }

    func fits(_ layout: OpaquePointer) -> Bool {
      packing.layout(TM_TARGET).map { tm_layout_equal($0, layout) } ?? false
    }
  }

  /// A convolution bound to operands.
  struct OneDNNConvolutionStep: Step {
    let convolution: OneDNNConvolution
    let source: Operand
    /// Weights that change between runs.
    let changing: Operand?
    let bias: Operand?
    let target: Operand
    let memory: Memory

    init(
      _ convolution: OneDNNConvolution, from source: Operand, _ weights: Operand, bias: Operand?,
      to target: Operand,
      memory: Memory
    ) {
      memory.reserveScratch(convolution.scratchByteCount)
      self.convolution = convolution
      self.source = source
      changing = memory.parameter(weights) == nil ? weights : nil
      self.bias = bias
      self.target = target
      self.memory = memory
    }

    func run() {
      let weights = changing.map { convolution.packed(memory.load($0)) }
      convolution(
        from: memory.read(source), weights: weights, bias: bias.map(memory.read),
        to: memory.write(target), scratch: memory.scratch())
    }
  }

  extension tm_ending {
    fileprivate init(adds: Bool, gate: Gate?) {
      self.init(
        adds: adds, clamps: gate != nil, low: gate?.low ?? 0, high: gate?.high ?? 0)
    }
  }

  extension tm_convolution {
    /// Of maps with channels last.
    init(input: Shape, output: Shape, geometry: ConvolutionGeometry) {
      func pair(_ number: KeyPath<Window.Axis, Int>) -> (Int64, Int64) {
        let window = geometry.window
        return (Int64(window.rows[keyPath: number]), Int64(window.columns[keyPath: number]))
      }
      self.init(
        batch: Int64(input[0]), groups: Int64(geometry.groups), inputs: Int64(input[3]),
        outputs: Int64(output[3]), input_size: (Int64(input[1]), Int64(input[2])),
        output_size: (Int64(output[1]), Int64(output[2])), taps: pair(\.taps),
        stride: pair(\.stride), dilation: pair(\.dilation), before: pair(\.before),
        after: pair(\.after))
    }
  }

  extension ConvolutionGeometry {
    fileprivate static let pointwise = ConvolutionGeometry(
      window: Window(rows: .single, columns: .single))

    /// Whether the window covers maps `[N, H, W, C]` exactly, and more than one position.
    fileprivate func isWhole(of input: Shape) -> Bool {
      groups == 1 && input[1] * input[2] > 1
        && [(window.rows, input[1]), (window.columns, input[2])].allSatisfy { axis, extent in
          axis.taps == extent && axis.before == 0 && axis.after == 0
            && (axis.dilation == 1 || extent == 1)
        }
    }
  }

  extension Tensor {
    /// Weights `[O, C, taps, taps]` as `[O, taps · taps · C, 1, 1]`.
    fileprivate var inOneRow: Tensor {
      Tensor(shape: [shape[0], shape.item.count, 1, 1]) { target in
        withScalars { source in
          guard let source = source.baseAddress, let target = target.baseAddress else { return }
          Planes.transpose(
            source, items: shape[0], rows: shape[1], columns: shape[2] * shape[3], to: target)
        }
      }
    }
  }

  extension Shape {
    /// Weights `[O, C, …]` as oneDNN groups them: `[groups, O / groups, C, …]`.
    func split(into groups: Int) -> Shape {
      groups == 1 ? self : Shape([groups, self[0] / groups] + extents.dropFirst())
    }
  }
#endif
