import Kernels
import Tensors
import Testing

@testable import Kernels

/// A convolution's shapes with operands on a bench.
struct ConvolutionCase: CustomStringConvertible, Sendable {
  let description: String
  var batch = 1
  let inputs: Int
  let outputs: Int
  let height: Int
  let width: Int
  let rows: Window.Axis
  let columns: Window.Axis
  var groups = 1
  /// What the pullback is told of its cotangent.
  var expectsZeros = false

  /// Nil where the window does not fit.
  init?(
    _ description: String, batch: Int = 1, inputs: Int, outputs: Int, height: Int, width: Int,
    rows: Window.Axis?, columns: Window.Axis?, groups: Int = 1
  ) {
    guard let rows, let columns, rows.outputs(for: height) != nil,
      columns.outputs(for: width) != nil
    else { return nil }
    self.description = description
    self.batch = batch
    self.inputs = inputs
    self.outputs = outputs
    self.height = height
    self.width = width
    self.rows = rows
    self.columns = columns
    self.groups = groups
  }

  var geometry: ConvolutionGeometry {
    ConvolutionGeometry(window: Window(rows: rows, columns: columns), groups: groups)
  }
  var inputShape: Shape { [batch, inputs, height, width] }
  var outputShape: Shape {
    [batch, outputs, rows.outputs(for: height) ?? 0, columns.outputs(for: width) ?? 0]
  }
  var input: Tensor { .random(inputShape, seed: 1) }
  var cotangent: Tensor { .random(outputShape, seed: 2) }
  var weights: Tensor { .random([outputs, inputs / groups, rows.taps, columns.taps], seed: 3) }
  var bias: Tensor { .random([outputs], seed: 4) }

  func batched(_ batch: Int) -> ConvolutionCase {
    var other = self
    other.batch = batch
    return other
  }

  /// What the convolution makes of `[N, C, H, W]`, on top of `start` where there is one. The fast engine
  /// sees maps with channels last.
  func forward(
    _ input: Tensor, addingTo start: Tensor? = nil, hasBias: Bool = true, gate: Gate? = nil,
    on engine: Engine = .portable, threads: Int = 1
  ) -> Tensor {
    let layout: FeatureLayout = engine == .portable ? .channelsFirst : .channelsLast
    let bench = KernelBench()
    let y = start.map { bench.slot($0.lying(layout)) } ?? bench.slot(outputShape.lying(layout))
    let kernel = forwardKernel(
      bench, bench.slot(input.lying(layout)), y, accumulates: start != nil, hasBias: hasBias,
      gate: gate, layout: layout)
    return bench.run(kernel, reading: y, on: engine, threads: threads).channelsFirst(from: layout)
  }

  func forwardKernel(
    _ bench: KernelBench, _ x: Operand, _ y: Operand, accumulates: Bool = false,
    hasBias: Bool = true, gate: Gate? = nil, layout: FeatureLayout = .channelsFirst
  ) -> Convolution {
    Convolution(
      input: x, weights: bench.parameter(weights), bias: hasBias ? bench.parameter(bias) : nil,
      output: y, geometry: geometry, accumulates: accumulates, gate: gate, layout: layout)
  }

  /// The pullback `[N, C, H, W]` by a step of the test's choice, on top of `start` where there is one.
  func backward(
    _ cotangent: Tensor, addingTo start: Tensor? = nil, threads: Int = 1,
    by step: (ConvolutionPullback, Memory) -> (any Step)?
  ) throws -> Tensor {
    let layout = FeatureLayout.channelsLast
    let bench = KernelBench()
    let dx = start.map { bench.slot($0.lying(layout)) } ?? bench.slot(inputShape.lying(layout))
    let kernel = backwardKernel(
      bench, bench.slot(cotangent.lying(layout)), dx, accumulates: start != nil, layout: layout)
    let result = try bench.run(reading: dx, threads: threads) {
      [try #require(step(kernel, $0))]
    }
    return result.channelsFirst(from: layout)
  }

  /// Expects what the portable kernel makes of it, replaced and added.
  func expectPullback(by step: (ConvolutionPullback, Memory) -> (any Step)?) throws {
    for start in [nil, Tensor.random(inputShape, seed: 5)] {
      let expected = backward(cotangent, addingTo: start)
      let found = try backward(cotangent, addingTo: start, by: step)
      #expect(found.relativeDifference(from: expected) < Tolerance.reordered)
    }
  }

  /// Expects the same bits of an item alone and among others, on one thread and on two.
  func expectSameBits(ofPullbackBy step: (ConvolutionPullback, Memory) -> (any Step)?) throws {
    let (many, one) = (batched(3), batched(1))
    let whole = try many.backward(many.cotangent, by: step)
    #expect(try many.backward(many.cotangent, threads: 2, by: step).bits == whole.bits)
    for index in [0, 2] {
      for threads in [1, 2] {
        let alone = try one.backward(many.cotangent.item(index), threads: threads, by: step)
        #expect(alone.bits == whole.item(index).bits)
      }
    }
  }

  /// The pullback `[N, C, H, W]`, on top of `start` where there is one.
  func backward(
    _ cotangent: Tensor, addingTo start: Tensor? = nil, on engine: Engine = .portable,
    threads: Int = 1
  ) -> Tensor {
    let layout: FeatureLayout = engine == .portable ? .channelsFirst : .channelsLast
    let bench = KernelBench()
    let dx = start.map { bench.slot($0.lying(layout)) } ?? bench.slot(inputShape.lying(layout))
    let kernel = backwardKernel(
      bench, bench.slot(cotangent.lying(layout)), dx, accumulates: start != nil, layout: layout)
    return bench.run(kernel, reading: dx, on: engine, threads: threads)
      .channelsFirst(from: layout)
  }

  func backwardKernel(
    _ bench: KernelBench, _ dy: Operand, _ dx: Operand, accumulates: Bool = false,
    layout: FeatureLayout = .channelsFirst
  ) -> ConvolutionPullback {
    ConvolutionPullback(
      outputCotangent: dy, weights: bench.parameter(weights), inputCotangent: dx,
      geometry: geometry, accumulates: accumulates, expectsZeros: expectsZeros, layout: layout)
  }

  /// The definition, in double precision.
  func naiveForward(hasBias: Bool = true) -> Tensor {
    let positions = 0..<outputShape.count
    return Tensor(naiveForward(at: Array(positions), hasBias: hasBias), shape: outputShape)
  }

  /// Some outputs by the definition.
  func naiveForward(at positions: [Int], hasBias: Bool = true) -> [Float] {
    let (x, w, b) = (input.scalars, weights.scalars, bias.scalars)
    let (perGroup, outputsPerGroup) = (inputs / groups, outputs / groups)
    return positions.map { position in
      let (item, o, row, column) = (
        position / outputShape.strides[0], position / outputShape.strides[1] % outputs,
        position / outputShape[3] % outputShape[2], position % outputShape[3]
      )
      var sum = hasBias ? Double(b[o]) : 0
      for i in 0..<rows.taps {
        for j in 0..<columns.taps {
          let r = row * rows.stride + i * rows.dilation - rows.before
          let q = column * columns.stride + j * columns.dilation - columns.before
          guard (0..<height).contains(r), (0..<width).contains(q) else { continue }
          for c in 0..<perGroup {
            let channel = o / outputsPerGroup * perGroup + c
            sum +=
              Double(x[((item * inputs + channel) * height + r) * width + q])
              * Double(w[((o * perGroup + c) * rows.taps + i) * columns.taps + j])
          }
        }
      }
      return Float(sum)
    }
  }

  /// Small shapes with everything that a window can have.
  static let all: [ConvolutionCase] = [
    .init(
      "pointwise", batch: 2, inputs: 5, outputs: 7, height: 4, width: 3, rows: .init(taps: 1),
      columns: .init(taps: 1)),
    .init(
      "pointwise with stride", inputs: 16, outputs: 24, height: 7, width: 8,
      rows: .init(taps: 1, stride: 2), columns: .init(taps: 1, stride: 2)),
    .init(
      "3x3", batch: 2, inputs: 16, outputs: 32, height: 9, width: 10,
      rows: .init(taps: 3, before: 1, after: 1), columns: .init(taps: 3, before: 1, after: 1)),
    .init(
      "more than one band of rows", inputs: 40, outputs: 3, height: 19, width: 180,
      rows: .init(taps: 3, stride: 1, before: 1, after: 1),
      columns: .init(taps: 5, before: 2, after: 2)),
    .init(
      "odd channel counts", inputs: 13, outputs: 19, height: 6, width: 7,
      rows: .init(taps: 3, before: 1, after: 1), columns: .init(taps: 3, before: 1, after: 1)),
    .init(
      "stem 7x7", inputs: 3, outputs: 16, height: 33, width: 30,
      rows: .init(taps: 7, stride: 2, before: 3, after: 3),
      columns: .init(taps: 7, stride: 2, before: 3, after: 3)),
    .init(
      "stem without padding", inputs: 3, outputs: 8, height: 20, width: 20,
      rows: .init(taps: 3, stride: 2), columns: .init(taps: 3, stride: 2)),
    .init(
      "one channel", inputs: 1, outputs: 4, height: 5, width: 5, rows: .init(taps: 3),
      columns: .init(taps: 3)),
    .init(
      "stride that leaves a rest", inputs: 8, outputs: 8, height: 10, width: 11,
      rows: .init(taps: 3, stride: 3), columns: .init(taps: 2, stride: 3)),
    .init(
      "dilation", inputs: 16, outputs: 16, height: 11, width: 12,
      rows: .init(taps: 3, dilation: 2, before: 2, after: 2),
      columns: .init(taps: 3, dilation: 3, before: 3, after: 3)),
    .init(
      "dilation with stride", inputs: 8, outputs: 16, height: 13, width: 12,
      rows: .init(taps: 3, stride: 2, dilation: 2, before: 1, after: 2),
      columns: .init(taps: 3, stride: 2, dilation: 2, before: 2, after: 1)),
    .init(
      "asymmetric padding", inputs: 4, outputs: 16, height: 8, width: 9,
      rows: .init(taps: 3, stride: 2, before: 0, after: 1),
      columns: .init(taps: 3, stride: 2, before: 0, after: 1)),
    .init(
      "asymmetric taps", inputs: 6, outputs: 5, height: 9, width: 7,
      rows: .init(taps: 1), columns: .init(taps: 5, before: 3, after: 1)),
    .init(
      "depthwise", batch: 2, inputs: 12, outputs: 12, height: 7, width: 6,
      rows: .init(taps: 3, before: 1, after: 1), columns: .init(taps: 3, before: 1, after: 1),
      groups: 12),
    .init(
      "depthwise with stride", inputs: 24, outputs: 24, height: 9, width: 10,
      rows: .init(taps: 3, stride: 2, before: 1, after: 1),
      columns: .init(taps: 3, stride: 2, before: 0, after: 1), groups: 24),
    .init(
      "depthwise with multiplier", inputs: 4, outputs: 8, height: 6, width: 6,
      rows: .init(taps: 3, before: 1, after: 1), columns: .init(taps: 3, before: 1, after: 1),
      groups: 4),
    .init(
      "groups", batch: 2, inputs: 12, outputs: 18, height: 6, width: 7,
      rows: .init(taps: 3, before: 1, after: 1), columns: .init(taps: 3, before: 1, after: 1),
      groups: 3),
    .init(
      "pointwise groups", inputs: 32, outputs: 64, height: 5, width: 5, rows: .init(taps: 1),
      columns: .init(taps: 1), groups: 2),
    .init(
      "one pixel", batch: 3, inputs: 32, outputs: 20, height: 1, width: 1,
      rows: .init(taps: 3, before: 1, after: 1), columns: .init(taps: 3, before: 1, after: 1)),
    .init(
      "pointwise on one pixel", inputs: 40, outputs: 17, height: 1, width: 1,
      rows: .init(taps: 1), columns: .init(taps: 1)),
    .init(
      "padding wider than the picture", inputs: 3, outputs: 2, height: 2, width: 2,
      rows: .init(taps: 5, before: 4, after: 4), columns: .init(taps: 5, before: 4, after: 4)),
    .init(
      "padding wider than the window", inputs: 2, outputs: 3, height: 3, width: 4,
      rows: .init(taps: 2, before: 3, after: 2), columns: .init(taps: 1, before: 2, after: 3)),
    .init(
      "window as large as the picture", inputs: 8, outputs: 16, height: 6, width: 5,
      rows: .init(taps: 6), columns: .init(taps: 5)),
  ].compactMap(\.self)

  /// The channels and windows of networks, where libraries pick the kernels that matter.
  static let networks: [ConvolutionCase] = [
    .init(
      "ResNet stem", inputs: 3, outputs: 64, height: 40, width: 40,
      rows: .init(taps: 7, stride: 2, before: 3, after: 3),
      columns: .init(taps: 7, stride: 2, before: 3, after: 3)),
    .init(
      "ResNet 3x3", inputs: 64, outputs: 64, height: 14, width: 14,
      rows: .init(taps: 3, before: 1, after: 1), columns: .init(taps: 3, before: 1, after: 1)),
    .init(
      "ResNet 3x3 of 7x7", inputs: 128, outputs: 128, height: 7, width: 7,
      rows: .init(taps: 3, before: 1, after: 1), columns: .init(taps: 3, before: 1, after: 1)),
    .init(
      "ResNet expansion", inputs: 64, outputs: 256, height: 14, width: 14, rows: .init(taps: 1),
      columns: .init(taps: 1)),
    .init(
      "ResNet shortcut", inputs: 128, outputs: 256, height: 14, width: 14,
      rows: .init(taps: 1, stride: 2), columns: .init(taps: 1, stride: 2)),
    .init(
      "MobileNet depthwise", inputs: 144, outputs: 144, height: 14, width: 14,
      rows: .init(taps: 3, stride: 2, before: 1, after: 1),
      columns: .init(taps: 3, stride: 2, before: 1, after: 1), groups: 144),
    .init(
      "MobileNet projection of 7x7", inputs: 960, outputs: 160, height: 7, width: 7,
      rows: .init(taps: 1), columns: .init(taps: 1)),
    .init(
      "MobileNet head", inputs: 320, outputs: 400, height: 7, width: 7, rows: .init(taps: 1),
      columns: .init(taps: 1)),
    .init(
      "classifier of SqueezeNet", inputs: 512, outputs: 100, height: 13, width: 13,
      rows: .init(taps: 1), columns: .init(taps: 1)),
    .init(
      "product on one pixel", inputs: 2048, outputs: 100, height: 1, width: 1,
      rows: .init(taps: 1), columns: .init(taps: 1)),
    .init(
      "SqueezeNet expansion", inputs: 16, outputs: 64, height: 27, width: 27,
      rows: .init(taps: 3, before: 1, after: 1), columns: .init(taps: 3, before: 1, after: 1)),
    .init(
      "ResNeXt 3x3", inputs: 64, outputs: 64, height: 14, width: 14,
      rows: .init(taps: 3, before: 1, after: 1), columns: .init(taps: 3, before: 1, after: 1),
      groups: 16),
    .init(
      "ResNeXt 3x3 with stride", inputs: 64, outputs: 64, height: 14, width: 14,
      rows: .init(taps: 3, stride: 2, before: 1, after: 1),
      columns: .init(taps: 3, stride: 2, before: 1, after: 1), groups: 8),
    .init(
      "EfficientNet depthwise", inputs: 48, outputs: 48, height: 14, width: 14,
      rows: .init(taps: 5, stride: 2, before: 2, after: 2),
      columns: .init(taps: 5, stride: 2, before: 2, after: 2), groups: 48),
    .init(
      "ConvNeXt depthwise", inputs: 32, outputs: 32, height: 14, width: 14,
      rows: .init(taps: 7, before: 3, after: 3), columns: .init(taps: 7, before: 3, after: 3),
      groups: 32),
    .init(
      "DeepLab pyramid", inputs: 32, outputs: 32, height: 20, width: 20,
      rows: .init(taps: 3, dilation: 12, before: 12, after: 12),
      columns: .init(taps: 3, dilation: 12, before: 12, after: 12)),
    .init(
      "window of 9x9", inputs: 16, outputs: 24, height: 17, width: 17,
      rows: .init(taps: 9, before: 4, after: 4), columns: .init(taps: 9, before: 4, after: 4)),
  ].compactMap(\.self)
}

extension Shape {
  /// The shape that maps `[N, C, H, W]` have in an order.
  func lying(_ layout: FeatureLayout) -> Shape {
    layout == .channelsFirst ? self : withChannelsLast
  }
}

extension Tensor {
  /// Maps `[N, C, H, W]` in an order.
  func lying(_ layout: FeatureLayout) -> Tensor {
    guard layout == .channelsLast else { return self }
    return transposed(rows: shape[1], columns: shape[2] * shape[3], to: shape.withChannelsLast)
  }

  /// `[N, C, H, W]` of maps in an order.
  func channelsFirst(from layout: FeatureLayout) -> Tensor {
    guard layout == .channelsLast else { return self }
    return transposed(
      rows: shape[1] * shape[2], columns: shape[3], to: layout.channelsFirst(shape))
  }

  private func transposed(rows: Int, columns: Int, to shape: Shape) -> Tensor {
    let scalars = scalars
    return Tensor(
      (0..<count).map { position in
        let (item, rest) = position.quotientAndRemainder(dividingBy: rows * columns)
        let (column, row) = rest.quotientAndRemainder(dividingBy: rows)
        return scalars[item * rows * columns + row * columns + column]
      }, shape: shape)
  }
}
