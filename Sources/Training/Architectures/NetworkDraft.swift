import Kernels
import Networks
import Tensors

/// A network under construction, with random weights.
struct NetworkDraft {
  static let pixels: LayerName = "pixels"
  static let head: LayerName = "logits"

  private(set) var nodes: [Network.Node] = []
  /// The layer that the next one reads, and its channels.
  var last = NetworkDraft.pixels
  var channels: Int
  private let random: CounterRandom
  private var drawn = 0

  /// Begins with pixels brought from 0...1 to around 0.
  init(channels: Int, seed: UInt64) throws(LayerError) {
    self.channels = channels
    random = CounterRandom(seed: seed, stream: RandomStream.weights.rawValue)
    add(
      "centered",
      try ScaleChannels(
        scale: Tensor(repeating: 4, shape: [channels]),
        shift: Tensor(repeating: -2, shape: [channels])))
  }

  /// A convolution that keeps or divides the size, and its normalisation, `NAME.norm`.
  ///
  /// - Parameter gamma: the factor that the normalisation begins with.
  mutating func addConvolution(
    _ name: String, outputs: Int, taps: Int, stride: Int = 1, isDepthwise: Bool = false,
    gamma: Float = 1
  ) throws(LayerError) {
    guard outputs >= 1 else { throw LayerError("a convolution needs a channel or more") }
    let groups = isDepthwise ? channels : 1
    let fanIn = channels / groups * taps * taps
    let layer = try Convolution2D(
      weights: normal(
        [outputs, channels / groups, taps, taps], deviation: (2 / Float(fanIn)).squareRoot()),
      window: try Self.window(taps, stride: stride, padding: taps / 2), groups: groups)
    add(name, layer)
    channels = outputs
    add(
      "\(name).norm",
      try BatchNormalization(
        gamma: Tensor(repeating: gamma, shape: [outputs]), beta: Tensor(zeros: [outputs]),
        mean: Tensor(zeros: [outputs]), variance: Tensor(repeating: 1, shape: [outputs])))
  }

  mutating func addRectifier(_ name: String) { add(name, ReLU()) }

  mutating func addPooling(_ name: String) throws(LayerError) {
    add(name, MaxPool(window: try Self.window(2, stride: 2, padding: 0)))
  }

  mutating func addSum(name: String, with other: LayerName) {
    nodes.append(.init(LayerName(name), Add(), of: [last, other]))
    last = LayerName(name)
  }

  /// The mean over all positions, and a dense layer.
  mutating func addHead(classCount: Int) throws(LayerError) {
    add("pooled", GlobalAveragePool())
    add("features", Reshape(item: [channels]))
    add(
      Self.head.description,
      try Dense(
        weights: normal([classCount, channels], deviation: (1 / Float(channels)).squareRoot()),
        bias: Tensor(zeros: [classCount]), transposed: true))
  }

  private mutating func add(_ name: String, _ layer: any Layer) {
    nodes.append(.init(LayerName(name), layer, of: [last]))
    last = LayerName(name)
  }

  private mutating func normal(_ shape: Shape, deviation: Float) -> Tensor {
    drawn += 1
    return deviation * random.normal(shape, sample: drawn)
  }

  private static func window(
    _ taps: Int, stride: Int, padding: Int
  ) throws(LayerError) -> Window {
    guard let axis = Window.Axis(taps: taps, stride: stride, before: padding, after: padding) else {
      throw LayerError("a window of \(taps) taps is not possible")
    }
    return Window(rows: axis, columns: axis)
  }
}
