public import Networks
import Tensors

extension SmallNetworks {
  /// Space to depth, channel mixing, and couplings of both kinds with small convolutional networks and
  /// random weights: `[3, 16, 16]` to 5 classes. Made for pictures of 0...1.
  ///
  /// - Parameter head: of features `[12, 8, 8]`; nil for a pooled one with random weights.
  public static func invertible(
    seed: UInt64 = 7, head: LinearHead? = nil
  ) throws -> InvertibleNetwork {
    var random = TestRandom(seed)
    func inner(_ from: Int, to outputs: Int) throws -> InnerNetwork {
      func convolution(_ from: Int, _ to: Int) throws -> Convolution2D {
        let spread = (1 / Float(from * 9)).squareRoot()
        return try Convolution2D(
          weights: random.tensor([to, from, 3, 3], in: -spread...spread),
          bias: random.tensor([to], in: -0.1...0.1), window: window(3, before: 1))
      }
      return try InnerNetwork(
        input: [from, 8, 8],
        layers: [
          ("conv1", try convolution(from, 6)), ("relu1", ReLU()),
          ("conv2", try convolution(6, outputs)),
        ])
    }
    return try InvertibleNetwork(
      inputShape: [3, 16, 16],
      blocks: [
        try ChannelScaling(
          "centered", scale: Tensor(repeating: 3, shape: [3]),
          shift: Tensor(repeating: -1.5, shape: [3])),
        SpaceToDepthBlock("squeeze"),
        ChannelMixing(
          "mixing", channels: 12, random: CounterRandom(seed: seed, stream: 1), sample: 0),
        AdditiveCoupling(
          "additive", split: 5, F: try inner(7, to: 5), G: try inner(5, to: 7)),
        AffineCoupling(
          "affine", split: 6, bound: 0.5, F: try inner(6, to: 12), G: try inner(6, to: 12)),
      ], head: try head ?? pooledHead(classes: 5, channels: 12, seed: seed))
  }

  /// A pooled head with random weights.
  public static func pooledHead(
    classes: Int, channels: Int, seed: UInt64 = 7
  ) throws -> LinearHead {
    var random = TestRandom(seed &+ 1)
    return try LinearHead(
      weights: random.tensor([classes, channels], in: -2...2),
      bias: random.tensor([classes], in: -0.1...0.1), isPooled: true)
  }
}
