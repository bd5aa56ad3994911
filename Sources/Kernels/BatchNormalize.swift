public import Tensors

/// y = γ · (x − mean) / √(variance + ε) + β for each channel, together with what often follows: an
/// addend, a gate, and the largest value of each window.
///
/// Layers emit it plain; passes give it the rest. What the way back needs beyond x is computed again
/// there.
public struct BatchNormalize: Kernel {
  /// `[N, C, …]`, or as `layout` says.
  public var input: Operand
  /// All `[C]`.
  public var mean: Operand
  public var variance: Operand
  public var gamma: Operand
  public var beta: Operand
  public var output: Operand
  public let epsilon: Float
  /// Shaped as the input. Not together with windows.
  public var addend: Operand?
  public var gate: Gate?
  /// Windows side by side, without padding.
  public var windows: Windows
  public var layout: FeatureLayout

  /// Rows and columns of windows that lie side by side. What is left over belongs to none.
  public struct Windows: Sendable, Hashable {
    public let rows: Int
    public let columns: Int

    public static let none = Windows(rows: 1, columns: 1)

    init(rows: Int, columns: Int) {
      self.rows = rows
      self.columns = columns
    }

    /// Nil for windows that overlap, leave gaps, or see padding.
    public init?(_ window: Window, input: Shape, output: Shape) {
      func isTiled(_ axis: Window.Axis, _ inputs: Int, _ outputs: Int) -> Bool {
        axis.stride == axis.taps && axis.dilation == 1 && axis.before == 0 && axis.after == 0
          && outputs == inputs / axis.taps
      }
      guard isTiled(window.rows, input[2], output[2]),
        isTiled(window.columns, input[3], output[3])
      else { return nil }
      self.init(rows: window.rows.taps, columns: window.columns.taps)
    }

    var count: Int { rows * columns }
  }

  public init(
    input: Operand, mean: Operand, variance: Operand, gamma: Operand, beta: Operand,
    output: Operand, epsilon: Float, addend: Operand? = nil, gate: Gate? = nil,
    windows: Windows = .none, layout: FeatureLayout = .channelsFirst
  ) {
    self.input = input
    self.mean = mean
    self.variance = variance
    self.gamma = gamma
    self.beta = beta
    self.output = output
    self.epsilon = epsilon
    self.addend = addend
    self.gate = gate
    self.windows = windows
    self.layout = layout
  }

  public var reads: [Operand] {
    [input, mean, variance, gamma, beta] + (addend.map { [$0] } ?? [])
  }
  public var writes: [Operand] { [output] }

  public func run(in memory: Memory) {
    let (x, y) = (memory.read(input), memory.write(output))
    let extra = addend.map(memory.read)
    let lattice = ChannelLattice(input.shape, layout)
    for channel in 0..<lattice.channels {
      let affine = affine(of: channel, in: memory)
      if windows.count > 1 {
        let targets = ChannelLattice(output.shape, layout)
        forEachWindow { item, target, first in
          let winner = winner(first, item, channel, affine, x, lattice)
          y[targets.index(item, channel, target)] = gated(winner.value)
        }
        continue
      }
      lattice.forEachElement(of: channel) { index in
        let z = affine(x[index]) + (extra?[index] ?? 0)
        y[index] = gated(z)
      }
    }
  }

  private func gated(_ value: Float) -> Float { gate?(value) ?? value }

  /// z = (x − mean) · factor + shift of one channel.
  struct Affine {
    let mean: Float
    let factor: Float
    let shift: Float
    let inverseDeviation: Double

    @inline(__always)
    func callAsFunction(_ x: Float) -> Float { (x - mean) * factor + shift }
  }

  func affine(of channel: Int, in memory: Memory) -> Affine {
    let variance = Double(memory.read(variance)[channel]) + Double(epsilon)
    let inverse = 1 / variance.squareRoot()
    return Affine(
      mean: memory.read(mean)[channel],
      factor: Float(Double(memory.read(gamma)[channel]) * inverse),
      shift: memory.read(beta)[channel], inverseDeviation: inverse)
  }

  /// Calls `body` with each window's item, place among the windows, and first position.
  func forEachWindow(_ body: (_ item: Int, _ window: Int, _ first: Int) -> Void) {
    let (maps, results) = (layout.channelsFirst(input.shape), layout.channelsFirst(output.shape))
    for item in 0..<maps[0] {
      for row in 0..<results[2] {
        for column in 0..<results[3] {
          body(
            item, row * results[3] + column,
            row * windows.rows * maps[3] + column * windows.columns)
        }
      }
    }
  }

  /// The first of a window's largest values, and the position where it stands.
  func winner(
    _ first: Int, _ item: Int, _ channel: Int, _ affine: Affine, _ x: UnsafePointer<Float>,
    _ lattice: ChannelLattice
  ) -> (value: Float, position: Int) {
    let width = layout.channelsFirst(input.shape)[3]
    var best = (value: -Float.infinity, position: first)
    for row in 0..<windows.rows {
      for column in 0..<windows.columns {
        let position = first + row * width + column
        let value = affine(x[lattice.index(item, channel, position)])
        if value > best.value || (value.isNaN && !best.value.isNaN) { best = (value, position) }
      }
    }
    return best
  }
}

/// The way back through `BatchNormalize` where mean and variance are those of its input: with m for the
/// mean over items and positions and x̂ for the normalised input,
/// dx = γ / √(variance + ε) · (dz − m(dz) − x̂ · m(dz · x̂)), dγ = Σ dz · x̂ and dβ = Σ dz.
public struct BatchNormalizePullback: Kernel {
  public var forward: BatchNormalize
  /// Shaped as the output.
  public var outputCotangent: Operand
  public var inputCotangent: Operand?
  /// `[C]`
  public let gammaCotangent: Operand?
  /// `[C]`
  public let betaCotangent: Operand?
  /// Gets the cotangent of the addend, which has passed the gate. There where the addend is.
  public var addendCotangent: Operand?
  /// Adds to the input's cotangent.
  public let accumulates: Bool

  public init(
    of forward: BatchNormalize, outputCotangent: Operand, inputCotangent: Operand?,
    gammaCotangent: Operand?, betaCotangent: Operand?, addendCotangent: Operand? = nil,
    accumulates: Bool
  ) {
    self.forward = forward
    self.outputCotangent = outputCotangent
    self.inputCotangent = inputCotangent
    self.gammaCotangent = gammaCotangent
    self.betaCotangent = betaCotangent
    self.addendCotangent = addendCotangent
    self.accumulates = accumulates
  }

  public var reads: [Operand] {
    let it = forward
    let result = addendCotangent == nil ? [] : [it.output]
    let sum = accumulates ? inputCotangent.map { [$0] } ?? [] : []
    return [outputCotangent, it.input, it.mean, it.variance, it.gamma, it.beta] + result + sum
  }

  public var writes: [Operand] {
    [inputCotangent, gammaCotangent, betaCotangent, addendCotangent].compactMap(\.self)
  }

  public func run(in memory: Memory) {
    let it = forward
    let (x, dy) = (memory.read(it.input), memory.read(outputCotangent))
    let (dx, passed) = (inputCotangent.map(memory.write), addendCotangent.map(memory.write))
    let y = addendCotangent.map { _ in memory.read(it.output) }
    let lattice = ChannelLattice(it.input.shape, it.layout)
    let cotangents = ChannelLattice(outputCotangent.shape, it.layout)
    let size = Double(lattice.items * lattice.plane)
    var behind = [Float](repeating: 0, count: lattice.items * lattice.plane)
    for channel in 0..<lattice.channels {
      let affine = it.affine(of: channel, in: memory)
      // What comes through windows and gate.
      if it.windows.count > 1 {
        for index in behind.indices { behind[index] = 0 }
        it.forEachWindow { item, window, first in
          let winner = it.winner(first, item, channel, affine, x, lattice)
          guard it.gate?.isOpen(at: winner.value) != false else { return }
          behind[item * lattice.plane + winner.position] =
            dy[cotangents.index(item, channel, window)]
        }
      } else {
        var place = 0
        lattice.forEachElement(of: channel) { index in
          let isOpen = it.gate?.isOpen(at: y?[index] ?? affine(x[index])) != false
          behind[place] = isOpen ? dy[index] : 0
          passed?[index] = behind[place]
          place += 1
        }
      }
      var (sum, product) = (0.0, 0.0)
      var place = 0
      lattice.forEachElement(of: channel) { index in
        sum += Double(behind[place])
        product += Double(behind[place]) * Double(x[index] - affine.mean)
        place += 1
      }
      product *= affine.inverseDeviation
      if let gammaCotangent { memory.write(gammaCotangent)[channel] = Float(product) }
      if let betaCotangent { memory.write(betaCotangent)[channel] = Float(sum) }
      guard let dx else { continue }
      let shift = Float(sum / size)
      let slope = Float(product * affine.inverseDeviation / size)
      place = 0
      lattice.forEachElement(of: channel) { index in
        let moved = (x[index] - affine.mean) * slope
        let value = (behind[place] - shift - moved) * affine.factor
        dx[index] = accumulates ? dx[index] + value : value
        place += 1
      }
    }
  }
}

/// Where the elements of one channel lie in maps of either order.
struct ChannelLattice {
  let items: Int
  let channels: Int
  let plane: Int
  private let layout: FeatureLayout

  init(_ shape: Shape, _ layout: FeatureLayout) {
    (items, channels, plane) = shape.features(layout)
    self.layout = layout
  }

  @inline(__always)
  func index(_ item: Int, _ channel: Int, _ position: Int) -> Int {
    layout == .channelsFirst
      ? (item * channels + channel) * plane + position
      : (item * plane + position) * channels + channel
  }

  @inline(__always)
  func forEachElement(of channel: Int, _ body: (_ index: Int) -> Void) {
    for item in 0..<items {
      for position in 0..<plane { body(index(item, channel, position)) }
    }
  }
}

extension BatchNormalize: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? { moved(place) }

  fileprivate func moved(_ place: (Operand) -> Operand?) -> BatchNormalize? {
    guard layout == .channelsFirst, let input = place(input), let output = place(output)
    else { return nil }
    var moved = self
    (moved.input, moved.output, moved.layout) = (input, output, .channelsLast)
    if let addend {
      guard let addend = place(addend) else { return nil }
      moved.addend = addend
    }
    return moved
  }
}

extension BatchNormalizePullback: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard let forward = forward.moved(place), let dy = place(outputCotangent) else { return nil }
    var moved = self
    (moved.forward, moved.outputCotangent) = (forward, dy)
    if let inputCotangent {
      guard let dx = place(inputCotangent) else { return nil }
      moved.inputCotangent = dx
    }
    if let addendCotangent {
      guard let passed = place(addendCotangent) else { return nil }
      moved.addendCotangent = passed
    }
    return moved
  }
}

extension BatchNormalizePullback: ElementwiseKernel {
  /// The sums are there before the first element is written.
  public var overwritable: [Operand] {
    guard !accumulates, inputCotangent != nil else { return [] }
    return forward.windows.count > 1
      ? [forward.input] : [forward.input, outputCotangent]
  }
}
