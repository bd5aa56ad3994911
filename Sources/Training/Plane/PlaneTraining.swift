public import Kernels
public import Networks
public import Tensors

/// Trains an invertible network of couplings on points of the plane.
///
/// As in the code of Zhuang, Dvornek, Li, Yang, Duncan: Decision explanation and feature importance for
/// invertible networks, 2019 (arXiv:1910.00406): additive couplings of the two coordinates, whose inner
/// networks have one hidden layer, with a rectifier after both of their layers; a linear head for the two
/// classes; cross-entropy; descent with momentum, whose rate falls to a tenth twice. Weights begin evenly
/// spread over ±1/√n for n inputs, as in PyTorch.
public struct PlaneTraining: Sendable, Equatable, Codable {
  /// Couplings, at least 1.
  public var blocks = 6
  /// Hidden units of each inner network, at least 1.
  public var hidden = 4
  public var epochs = 60
  public var batch = 128
  public var rate = 0.1
  public var momentum: Float = 0.9
  /// Epochs after which the rate falls to a tenth.
  public var falls = [20, 40]

  public init() {}

  /// The network before training.
  public func start(seed: UInt64) throws(NetworkError) -> InvertibleNetwork {
    var draws = Draws(random: CounterRandom(seed: seed, stream: RandomStream.plane.rawValue))
    var couplings: [any InvertibleBlock] = []
    for number in 1...blocks {
      couplings.append(
        AdditiveCoupling(
          "block\(number)", split: 1, F: try inner(&draws), G: try inner(&draws)))
    }
    let head = try LinearHead(
      weights: draws.tensor([2, 2], inputs: 2), bias: draws.tensor([2], inputs: 2),
      isPooled: false)
    return try InvertibleNetwork(inputShape: [2, 1, 1], blocks: couplings, head: head)
  }

  private func inner(_ draws: inout Draws) throws(NetworkError) -> InnerNetwork {
    func dense(_ from: Int, _ to: Int) throws(NetworkError) -> Convolution2D {
      guard let axis = Window.Axis(taps: 1, stride: 1, dilation: 1, before: 0, after: 0) else {
        preconditionFailure("a window of one position")
      }
      let weights = draws.tensor([to, from, 1, 1], inputs: from)
      let bias = draws.tensor([to], inputs: from)
      do throws(LayerError) {
        return try Convolution2D(
          weights: weights, bias: bias, window: Window(rows: axis, columns: axis))
      } catch {
        throw .graph(error.reason)
      }
    }
    return try InnerNetwork(
      input: [1, 1, 1],
      layers: [
        ("dense1", try dense(1, hidden)), ("relu1", ReLU()), ("dense2", try dense(hidden, 1)),
        ("relu2", ReLU()),
      ])
  }

  /// The network after training. The seed decides its start and the order of points.
  ///
  /// - Parameter points: `[N, 2, 1, 1]`, and for each the class, 0 or 1.
  public func network(
    for points: Tensor, classes: [Int], seed: UInt64, engine: Engine = .preferred
  ) throws(NetworkError) -> InvertibleNetwork {
    let start = try start(seed: seed)
    let trained = try TrainableNetwork(start.network, engine: engine)
    let optimizer = Optimizer.descent(momentum: momentum)
    let loss = CrossEntropy()
    let random = CounterRandom(seed: seed, stream: RandomStream.plane.rawValue)
    var moments = [Float](repeating: 0, count: trained.parameterCount * optimizer.momentCount)
    var step = 0
    for epoch in 0..<epochs {
      let rate = falls.reduce(rate) { epoch >= $1 ? $0 / 10 : $0 }
      var order = random.sequence(sample: epoch)
      let mixed = (0..<classes.count).shuffled(using: &order)
      for first in stride(from: 0, to: mixed.count, by: batch) {
        let indices = mixed[first..<min(first + batch, mixed.count)]
        let targets = Tensor(
          indices.flatMap { classes[$0] == 0 ? [1, 0] : [0, 1] as [Float] },
          shape: [indices.count, 2])
        trained.step(.concatenating(indices.map { points.item($0) })) { logits in
          loss.value(logits, targets: targets).gradient
        }
        step += 1
        trained.withValues { values in
          trained.withGradients { gradients in
            optimizer.move(
              values, along: UnsafeBufferPointer(gradients), moments: &moments,
              ranges: [(0..<values.count, 0)], rate: rate, step: step)
          }
        }
      }
    }
    return try InvertibleNetwork(start.structure, of: try trained.network)
  }

  /// Starting weights, one tensor after the other.
  private struct Draws {
    let random: CounterRandom
    /// Samples before `epochs` many are the orders of points.
    var sample = 1 << 20

    mutating func tensor(_ shape: Shape, inputs: Int) -> Tensor {
      sample += 1
      let bound = 1 / Float(inputs).squareRoot()
      return random.uniform(shape, sample: sample).map { bound * (2 * $0 - 1) }
    }
  }
}
