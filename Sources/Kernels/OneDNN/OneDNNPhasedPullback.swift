#if TIDEMARK_ONEDNN
  import Tensors

  /// The pullback of a convolution of pictures, as a forward convolution.
  ///
  /// The library works on vectors of 16 channels, of which the gradient for a picture's three would
  /// fill three. Here the picture is cut into cells of K×K pixels, and each pixel of a cell becomes
  /// channels of its own: 3·2·2 = 12 of 16 are filled. Along one axis, with taps i, stride s, padding
  /// b in front, and K a multiple of s,
  ///
  /// dx[K·a + r] = Σ w[i] · dy[(K/s)·a + q]  over taps with  r + b − i = s·q,
  ///
  /// is for each phase r a convolution of dy with stride K/s, whose tap number q − min q has the
  /// weight w[r + b − s·q], or none.
  struct OneDNNPhasedPullbackStep: Step {
    private let kernel: ConvolutionPullback
    private let memory: Memory
    private let rows: Phases
    private let columns: Phases
    private let convolution: OneDNNConvolution

    /// Where the scratch of the convolution ends and its result begins, in scalars.
    private let resultOffset: Int

    /// Nil where this is no gain, or the library has nothing for it.
    init?(of kernel: ConvolutionPullback, memory: Memory) {
      let (input, output) = (kernel.inputCotangent.shape, kernel.outputCotangent.shape)
      let window = kernel.geometry.window
      guard kernel.geometry.groups == 1, input[3] <= 3,
        let rows = Phases(of: window.rows, extent: input[1], outputs: output[1]),
        let columns = Phases(of: window.columns, extent: input[2], outputs: output[2])
      else { return nil }
      let channels = input[3] * rows.count * columns.count
      let cells: Shape = [input[0], rows.cells, columns.cells, channels]
      let weights = Self.weights(memory.read(kernel.weights), kernel.weights.shape, rows, columns)
      // A stem's weights are small and of this step alone: nobody else packs them.
      guard
        let convolution = OneDNNConvolution(
          input: output, weights: weights, output: cells,
          geometry: ConvolutionGeometry(window: Window(rows: rows.axis, columns: columns.axis)),
          ending: .plain, sharing: PackedWeights())
      else { return nil }
      let scratchByteCount = Memory.aligned(convolution.scratchByteCount)
      let resultByteCount = cells.count * MemoryLayout<Float>.stride
      memory.reserveScratch(scratchByteCount + resultByteCount)
      resultOffset = scratchByteCount / MemoryLayout<Float>.stride
      self.convolution = convolution
      self.kernel = kernel
      self.memory = memory
      self.rows = rows
      self.columns = columns
    }

    func run() {
      let cells = memory.scratch() + resultOffset
      convolution(
        from: memory.read(kernel.outputCotangent), bias: nil, to: cells, scratch: memory.scratch())
      spread(cells, over: memory.write(kernel.inputCotangent))
    }

    /// Puts the pixels of each cell where they belong, leaving out what hangs over the end.
    private func spread(
      _ cells: UnsafePointer<Float>, over dx: UnsafeMutablePointer<Float>
    ) {
      let shape = kernel.inputCotangent.shape
      let (height, width) = (shape[1], shape[2] * shape[3])
      // A row of a cell's pixels lies in one piece on both sides.
      let piece = columns.count * shape[3]
      let step = rows.count * piece
      for item in 0..<shape[0] {
        for y in 0..<height {
          let target = dx + (item * height + y) * width
          let (cell, row) = y.quotientAndRemainder(dividingBy: rows.count)
          var source = cells + (item * rows.cells + cell) * columns.cells * step + row * piece
          for x in stride(from: 0, to: width, by: piece) {
            let count = min(piece, width - x)
            if kernel.accumulates {
              for index in 0..<count { target[x + index] += source[index] }
            } else {
              for index in 0..<count { target[x + index] = source[index] }
            }
            source += step
          }
        }
      }
    }

    /// `[K·K·C, O, taps, taps]` of `[O, C, taps, taps]`.
    private static func weights(
      _ weights: UnsafePointer<Float>, _ shape: Shape, _ rows: Phases, _ columns: Phases
    ) -> Tensor {
      let (outputs, inputs, height, width) = (shape[0], shape[1], shape[2], shape[3])
      var scalars: [Float] = []
      for row in 0..<rows.count {
        for column in 0..<columns.count {
          for input in 0..<inputs {
            for output in 0..<outputs {
              let kernel = weights + (output * inputs + input) * height * width
              for y in rows.taps(for: row) {
                for x in columns.taps(for: column) {
                  if let y, let x {
                    scalars.append(kernel[y * width + x])
                  } else {
                    scalars.append(0)
                  }
                }
              }
            }
          }
        }
      }
      return Tensor(
        scalars,
        shape: [
          inputs * rows.count * columns.count, outputs, rows.axis.taps, columns.axis.taps,
        ])
    }
  }

  /// One axis cut into cells.
  private struct Phases {
    /// Pixels of a cell: K.
    let count: Int
    /// Cells that cover the axis, and perhaps more.
    let cells: Int
    /// How the convolution to cells slides over the cotangent.
    let axis: Window.Axis

    private let original: Window.Axis
    private let lowest: Int

    /// Nil for what is rare and not worth the trouble: dilation, and strides that make large cells.
    init?(of original: Window.Axis, extent: Int, outputs: Int) {
      guard original.dilation == 1, original.stride <= 4 else { return nil }
      count = max(original.stride, 2)
      self.original = original
      let stride = original.stride
      // Positions q that some phase and tap meet; 0 among them keeps the padding from being negative.
      let positions = (0..<count).flatMap { phase in
        (0..<original.taps).map { phase + original.before - $0 }
          .filter { $0 % stride == 0 }.map { $0 / stride }
      }
      lowest = min(positions.min() ?? 0, 0)
      let taps = max(positions.max() ?? 0, 0) - lowest + 1
      let step = count / stride
      let needed = ((extent + count - 1) / count - 1) * step + taps + lowest - outputs
      guard
        let axis = Window.Axis(
          taps: taps, stride: step, before: -lowest, after: max(needed, 0)),
        let cells = axis.outputs(for: outputs)
      else { return nil }
      self.axis = axis
      self.cells = cells
    }

    /// The original tap behind each tap for a phase; nil where there is none.
    func taps(for phase: Int) -> [Int?] {
      (0..<axis.taps).map { tap in
        let original = phase + self.original.before - self.original.stride * (tap + lowest)
        return (0..<self.original.taps).contains(original) ? original : nil
      }
    }
  }
#endif
