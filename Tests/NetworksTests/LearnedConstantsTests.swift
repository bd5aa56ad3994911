import Kernels
import Tensors
import TestSupport
import Testing

@testable import Networks

/// Constants that are parameters, and those that are not.
struct LearnedConstantsTests {
  /// Biases, factors, slopes and a matrix as constants, and constants of other kinds between them.
  static func network(seed: UInt64 = 5) throws -> Network {
    var random = TestRandom(seed)
    func constant(_ shape: Shape, in range: ClosedRange<Float> = 0.2...1) -> Constant {
      Constant(random.tensor(shape, in: range))
    }
    return try Network(
      input: "x", inputShape: [3, 6, 6],
      nodes: [
        .init("mean", constant([3, 1, 1]), of: []),
        .init("pixels", Subtract(), of: ["x", "mean"]),
        .init(
          "conv",
          try Convolution2D(
            weights: random.tensor([4, 3, 3, 3]), window: SmallNetworks.window(3, before: 1)),
          of: ["pixels"]),
        .init("slopes", constant([4, 1, 1]), of: []),
        .init("bent", PReLU(), of: ["conv", "slopes"]),
        .init("half", Constant(Tensor([0.5], shape: [])), of: []),
        .init("halved", Multiply(), of: ["bent", "half"]),
        .init("floor", constant([4, 1, 1], in: -9 ... -8), of: []),
        .init("floored", Max(), of: ["halved", "floor"]),
        .init("factors", constant([4, 1, 1]), of: []),
        .init("scaled", Multiply(), of: ["floored", "factors"]),
        .init("bent again", PReLU(), of: ["scaled", "slopes"]),
        .init("rows", Reshape(item: [4, 36]), of: ["bent again"]),
        .init("matrix", constant([5, 4], in: -1...1), of: []),
        .init("mixed", MatMul(), of: ["matrix", "rows"]),
        .init("slope", constant([1]), of: []),
        .init("bent rows", PReLU(), of: ["mixed", "slope"]),
        .init("maps", Reshape(item: [5, 6, 6]), of: ["bent rows"]),
        .init("pooled", GlobalAveragePool(), of: ["maps"]),
        .init("flat", Reshape(item: [5]), of: ["pooled"]),
        .init("bias", constant([5]), of: []),
        .init("scores", Add(), of: ["bias", "flat"]),
      ], logits: "scores")
  }

  static func pictures(_ network: Network) -> Tensor {
    var random = TestRandom(2)
    return random.tensor(Shape([3] + network.inputShape.extents), in: 0...1)
  }

  @Test func `constants that layers compute with are parameters of their roles`() throws {
    let network = try TrainableNetwork(try Self.network())
    let found = network.parameters.map { "\($0.name.layer): \($0.role)" }
    #expect(
      found == [
        "conv: weight", "slopes: scale", "factors: scale", "matrix: weight", "slope: scale",
        "bias: bias",
      ])
    #expect(network.parameters.filter(\.role.decays).map(\.name.layer) == ["conv", "matrix"])
  }

  @Test func `a constant that a formula reads too is no parameter`() throws {
    let start = try Self.network()
    let nodes = start.nodes.map { node in
      node.name == "scaled" ? Network.Node("scaled", Multiply(), of: ["floored", "floor"]) : node
    }
    let network = try TrainableNetwork(
      Network(input: "x", inputShape: start.inputShape, nodes: nodes, logits: "scores"))
    #expect(network.parameters.map(\.name.layer) == ["conv", "slopes", "matrix", "slope", "bias"])
  }

  @Test func `constants stay with the layers that are frozen, and by their own names`() throws {
    let network = try TrainableNetwork(
      try Self.network(), frozen: ["conv", "bent", "bias"])
    #expect(network.parameters.map(\.name.layer) == ["factors", "matrix", "slope"])
    #expect(network.frozen.contains("slopes"))
  }

  /// Of half the sum of squared scores, along directions of one parameter at a time.
  @Test(arguments: Engine.available)
  func `gradients of constants agree with central differences`(engine: Engine) throws {
    let start = try Self.network()
    let network = try TrainableNetwork(start, engine: engine)
    let pictures = Self.pictures(start)
    func loss() -> Double {
      let logits = network.logits(pictures)
      return logits.dot(logits) / 2
    }
    network.step(pictures) { $0 }
    let values = network.withValues { Array($0) }
    let gradients = network.withGradients { Array($0) }
    var random = TestRandom(1)
    // In single precision the quotient is good to a thousandth; a wrong gradient is off by tenths.
    let step: Float = 0.01
    for parameter in network.parameters {
      let gradient = Tensor(Array(gradients[parameter.range]), shape: parameter.shape)
      for _ in 0..<3 {
        var direction = random.tensor(parameter.shape)
        direction = Float(1 / direction.dot(direction).squareRoot()) * direction
        func moved(by distance: Float) -> Double {
          network.withValues { place in
            for (index, part) in zip(parameter.range, direction.scalars) {
              place[index] = values[index] + distance * part
            }
          }
          return loss()
        }
        let measured = (moved(by: step) - moved(by: -step)) / Double(2 * step)
        _ = moved(by: 0)
        let claimed = gradient.dot(direction)
        let scale = gradient.dot(gradient).squareRoot()
        #expect((measured - claimed).magnitude < 5e-3 * scale, "\(parameter.name)")
      }
    }
  }

  @Test(arguments: Engine.available)
  func `trained constants go into the network and its file bit by bit`(engine: Engine) throws {
    let start = try Self.network()
    let network = try TrainableNetwork(start, engine: engine)
    let pictures = Self.pictures(start)
    network.step(pictures) { $0 }
    network.withValues { values in
      network.withGradients { gradients in
        for index in values.indices { values[index] -= 0.01 * gradients[index] }
      }
    }
    let trained = try network.network
    let again = try ModelFile(onnx: try trained.onnx()).network
    #expect(again.summaries == trained.summaries)
    let reread = try TrainableNetwork(again, engine: engine)
    #expect(reread.parameters == network.parameters)
    #expect(reread.withValues { Array($0) } == network.withValues { Array($0) })
    #expect(
      reread.withValues { Array($0) } != (try TrainableNetwork(start)).withValues { Array($0) })
    #expect(
      CompiledNetwork(again, engine: engine).logits(for: pictures)
        == CompiledNetwork(trained, engine: engine).logits(for: pictures))
    // What is no parameter stays.
    for (old, new) in zip(start.nodes, trained.nodes)
    where ["mean", "half", "floor"].contains(old.name) {
      #expect(old.layer.parameters == new.layer.parameters)
    }
  }
}
