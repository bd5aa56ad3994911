public import Imaging
import Kernels
public import Networks
import Tensors

extension Architecture {
  /// Stages at most: each divides the sides by 2 and has four times the channels.
  private static let stageLimit = 3
  /// Maps whose channels are fewer have a head for every position instead of one for their means.
  private static let pooledChannels = 48

  /// How often squares of 2 × 2 positions become channels.
  private static func stageCount(_ size: PixelSize) -> Int {
    var (width, height, count) = (size.width, size.height, 0)
    while count < stageLimit, width % 2 == 0, height % 2 == 0, min(width, height) > 7 {
      (width, height, count) = (width / 2, height / 2, count + 1)
    }
    return count
  }

  /// The invertible architecture with random weights; before training, its normalisations start from a
  /// batch (`InvertibleNetwork.normalized(by:)`).
  ///
  /// Each stage makes channels of squares of 2 × 2 positions, as long as sides are even and larger than
  /// 7; takes these apart into means and differences, which is an orthogonal mixing of channels, and
  /// normalises each, so that edges come out as strongly as the brightness that they are small beside;
  /// and goes through additive couplings: `depth` in the last stage,
  /// one fewer in each before it, and one at least. Their inner networks are bottlenecks of 1 × 1, 3 × 3 and
  /// 1 × 1, with `width` channels inside in the first stage and twice as many in the next. They end in a
  /// normalisation by 0, so that a coupling begins as nothing.
  /// Otherwise as `network(size:channels:labels:width:depth:seed:)`.
  public func invertibleNetwork(
    size: PixelSize, channels: Int, labels: [String], width: Int, depth: Int, seed: UInt64
  ) throws(TrainingError) -> InvertibleNetwork {
    do throws(NetworkError) {
      var draft = try InvertibleDraft(
        shape: [channels, size.height, size.width], seed: seed)
      let stages = Self.stageCount(size)
      guard stages > 0 else {
        throw .invertible("sides are to be even and above 7; choose such a --size")
      }
      for stage in 0..<stages {
        // Maps of earlier stages are wide, and their channels few.
        try draft.addStage(
          stage + 1, width: width << stage, depth: max(1, depth - (stages - 1 - stage)))
      }
      return try InvertibleNetwork(
        input: NetworkDraft.pixels, inputShape: [channels, size.height, size.width],
        blocks: draft.blocks,
        head: try draft.head(
          classCount: labels.count, isPooled: draft.shape[0] >= Self.pooledChannels),
        labels: labels)
    } catch {
      throw refusal("\(error)", size, width, depth)
    }
  }
}

/// An invertible network under construction, with random weights.
private struct InvertibleDraft {
  private(set) var blocks: [any InvertibleBlock] = []
  /// `[C, H, W]` of what the next block reads.
  private(set) var shape: Shape
  private let random: CounterRandom
  private var drawn = 0

  /// Begins with pixels brought from 0...1 to around 0.
  init(shape: Shape, seed: UInt64) throws(NetworkError) {
    self.shape = shape
    random = CounterRandom(seed: seed, stream: RandomStream.weights.rawValue)
    let channels = shape[0]
    blocks = [
      try Self.naming("centered") { () throws(LayerError) in
        try ChannelScaling(
          "centered", scale: Tensor(repeating: 4, shape: [channels]),
          shift: Tensor(repeating: -2, shape: [channels]))
      }
    ]
    if channels == 3 { blocks.append(ChannelMixing("colors", matrix: Self.opponentColors)) }
  }

  /// Brightness, red against blue, and both against green.
  private static var opponentColors: Tensor {
    let rows: [[Double]] = [[1, 1, 1], [1, 0, -1], [1, -2, 1]]
    return Tensor(
      rows.flatMap { row in
        let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return row.map { Float($0 / length) }
      }, shape: [3, 3])
  }

  /// Haar's transform of squares of 2 × 2 positions that have become channels: of each old channel the
  /// mean, and the differences across, down and diagonally. All elements are 0 or ±1/2, so that it is
  /// orthogonal to the last bit.
  private static func waves(channels: Int) -> Tensor {
    let signs: [[Float]] = [[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]
    var matrix = Tensor(zeros: [4 * channels, 4 * channels])
    for (wave, row) in signs.enumerated() {
      for (place, sign) in row.enumerated() {
        for channel in 0..<channels {
          matrix[(wave * channels + channel) * 4 * channels + place * channels + channel] =
            sign / 2
        }
      }
    }
    return matrix
  }

  mutating func addStage(_ number: Int, width: Int, depth: Int) throws(NetworkError) {
    let name = "stage\(number)"
    shape = [4 * shape[0], shape[1] / 2, shape[2] / 2]
    let channels = shape[0]
    blocks += [
      SpaceToDepthBlock("\(name).squeeze"),
      ChannelMixing("\(name).waves", matrix: Self.waves(channels: channels / 4)),
      try Self.naming(name) { () throws(LayerError) in
        try ChannelScaling("\(name).norm", channels: channels)
      },
    ]
    let split = channels / 2
    for block in 1...depth {
      blocks.append(
        AdditiveCoupling(
          "\(name).block\(block)", split: split,
          F: try inner(from: channels - split, to: split, width: width),
          G: try inner(from: split, to: channels - split, width: width)))
    }
  }

  private mutating func inner(
    from inputs: Int, to outputs: Int, width: Int
  ) throws(NetworkError) -> InnerNetwork {
    var layers: [(name: String, layer: any Layer)] = []
    for (number, (from, to, taps)) in [
      (inputs, width, 1), (width, width, 3), (width, outputs, 1),
    ].enumerated() {
      let isLast = number == 2
      let parts = try Self.naming("conv\(number + 1)") { () throws(LayerError) in
        try convolution(from: from, to: to, taps: taps, gamma: isLast ? 0 : 1)
      }
      layers.append(("conv\(number + 1)", parts.convolution))
      layers.append(("norm\(number + 1)", parts.normalization))
      if !isLast { layers.append(("relu\(number + 1)", ReLU())) }
    }
    return try InnerNetwork(
      input: Shape([inputs] + shape.extents.dropFirst()), layers: layers)
  }

  private mutating func convolution(
    from inputs: Int, to outputs: Int, taps: Int, gamma: Float
  ) throws(LayerError) -> (convolution: Convolution2D, normalization: BatchNormalization) {
    guard let axis = Window.Axis(taps: taps, before: taps / 2, after: taps / 2) else {
      throw LayerError("a window of \(taps) taps is not possible")
    }
    drawn += 1
    let deviation = (2 / Float(inputs * taps * taps)).squareRoot()
    return (
      try Convolution2D(
        weights: deviation * random.normal([outputs, inputs, taps, taps], sample: drawn),
        window: Window(rows: axis, columns: axis)),
      try BatchNormalization(
        gamma: Tensor(repeating: gamma, shape: [outputs]), beta: Tensor(zeros: [outputs]),
        mean: Tensor(zeros: [outputs]), variance: Tensor(repeating: 1, shape: [outputs]))
    )
  }

  mutating func head(classCount: Int, isPooled: Bool) throws(NetworkError) -> LinearHead {
    drawn += 1
    let depth = isPooled ? shape[0] : shape.count
    let weights =
      (1 / Float(depth)).squareRoot() * random.normal([classCount, depth], sample: drawn)
    return try LinearHead(
      NetworkDraft.head.description, weights: weights, bias: Tensor(zeros: [classCount]),
      isPooled: isPooled)
  }

  /// Errors of a layer with its name.
  private static func naming<R>(
    _ name: String, _ body: () throws(LayerError) -> R
  ) throws(NetworkError) -> R {
    do throws(LayerError) {
      return try body()
    } catch {
      throw .layer(LayerName(name), kind: "invertible", reason: error.reason)
    }
  }
}
