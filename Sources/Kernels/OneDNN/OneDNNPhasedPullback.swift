#if TIDEMARK_ONEDNN
  import Tensors

  /// The pullback of a convolution of pictures, as a forward convolution.
  ///
  /// The library works on blocks of 16 channels, of which the gradient for a picture's three would
  /// fill three. Here the picture is cut into cells of K×K pixels, and each pixel of a cell becomes a
  /// channel: 3·2·2 = 12 of 16 are filled. Along one axis, with taps i, stride s, padding b in front,
  /// and K a multiple of s,
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
      guard kernel.geometry.groups == 1, input[1] <= 3,
        let rows = Phases(of: window.rows, extent: input[2], outputs: output[2]),
        let columns = Phases(of: window.columns, extent: input[3], outputs: output[3])
      else { return nil }
      let channels = input[1] * rows.count * columns.count
      let cells: Shape = [input[0], channels, rows.cells, columns.cells]
      let weights = Self.weights(memory.read(kernel.weights), kernel.weights.shape, rows, columns)
      let convolution = weights.withScalars { scalars in
        scalars.baseAddress.flatMap {
          OneDNNConvolution(
            input: output, weights: $0, shapedAs: weights.shape, hasBias: false,
            output: cells,
            geometry: ConvolutionGeometry(window: Window(rows: rows.axis, columns: columns.axis)))
        }
      }
      guard let convolution else { return nil }
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

    /// Puts each channel of the cells where its pixel is, leaving out what hangs over the end.
    private func spread(
      _ cells: UnsafePointer<Float>, over dx: UnsafeMutablePointer<Float>
    ) {
      let (height, width) = (kernel.inputCotangent.shape[2], kernel.inputCotangent.shape[3])
      var plane = cells
      for channel in 0..<kernel.inputCotangent.shape[0] * kernel.inputCotangent.shape[1] {
        let picture = dx + channel * height * width
        for row in 0..<rows.count {
          for column in 0..<columns.count {
            var source = plane
            for y in stride(from: row, to: height, by: rows.count) {
              var index = 0
              for x in stride(from: column, to: width, by: columns.count) {
                let at = y * width + x
                picture[at] = kernel.accumulates ? picture[at] + source[index] : source[index]
                index += 1
              }
              source += columns.cells
            }
            plane += rows.cells * columns.cells
          }
        }
      }
    }

    /// `[C·K·K, O, taps, taps]` of `[O, C, taps, taps]`.
    private static func weights(
      _ weights: UnsafePointer<Float>, _ shape: Shape, _ rows: Phases, _ columns: Phases
    ) -> Tensor {
      let (outputs, inputs, height, width) = (shape[0], shape[1], shape[2], shape[3])
      var scalars: [Float] = []
      for input in 0..<inputs {
        for row in 0..<rows.count {
          for column in 0..<columns.count {
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
