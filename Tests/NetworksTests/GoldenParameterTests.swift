import Foundation
import Kernels
import Tensors
import TestSupport
import Testing

@testable import Networks

/// Gradients of parameters against those of another framework, for single operators and for networks.
@Suite(.enabled(if: SharedFolder.exists, "needs ../shared/golden")) struct GoldenParameterTests {
  /// An ONNX file's layers, and where its initializers went.
  struct Model {
    let graph: LayerGraph
    let output: LayerName
    private let nodes: [ONNXNodeProto]

    init(_ path: String, upTo output: LayerName? = nil) throws {
      let bytes = [UInt8](try Data(contentsOf: SharedFolder.file(path)))
      let file = try GraphFile(onnx: bytes)
      guard case .layer(let last)? = file.outputs.first?.output else {
        throw ModelError(.malformed, "\(path) does not depend on its input")
      }
      self.output = output ?? last
      graph = try file.graph.needed(for: [self.output])
      nodes = try ONNXGraph(bytes: Data(bytes)).nodes
    }

    /// The parameter that an initializer became: of a layer of its own, or of the one that reads it.
    func parameter(_ initializer: String) throws -> ParameterName {
      let own = LayerName(initializer)
      if graph.shapes[own] != nil { return ParameterName(own, 0) }
      for node in nodes {
        if let position = node.input.firstIndex(of: initializer), let output = node.output.first {
          return ParameterName(LayerName(output), position - 1)
        }
      }
      throw ModelError(.malformed, "nothing reads '\(initializer)'")
    }

    func plan(
      batch: Int, parameters: Set<LayerName>, phase: Phase, engine: Engine
    ) throws -> Plan {
      let request = TraceRequest(
        reading: [output], seeding: [output], gradients: [graph.input], parameters: parameters,
        phase: phase)
      return try Plan(graph, for: request, batch: batch, options: PlanOptions(engine: engine))
    }
  }

  static func npy(_ path: String) throws -> Tensor {
    try NPY.read(SharedFolder.file("golden/\(path).npy").path)
  }

  // MARK: - Operators

  static var operators: [String] {
    let folder = SharedFolder.file("golden/ops").path
    return (try? FileManager.default.contentsOfDirectory(atPath: folder))?.sorted() ?? []
  }

  /// The reference was computed in double precision; sums here have up to a few thousand terms.
  static let operatorTolerance: Float = 1e-5

  @Test(arguments: operators, Engine.available)
  func `an operator's value and all its gradients are the reference's`(
    name: String, engine: Engine
  ) throws {
    let folder = "golden/ops/\(name)"
    let model = try Model("\(folder)/model.onnx")
    func golden(_ file: String) throws -> Tensor { try Self.npy("ops/\(name)/\(file)") }
    let files = try FileManager.default.contentsOfDirectory(
      atPath: SharedFolder.file(folder).path)
    let initializers = files.filter { $0.hasPrefix("g_") }.map { $0.dropFirst(2).dropLast(4) }
    var places: [String: ParameterName] = [:]
    for name in initializers { places[String(name)] = try model.parameter(String(name)) }

    let input = try golden("x")
    let plan = try model.plan(
      batch: input.batch, parameters: Set(places.values.map(\.layer)), phase: .inference,
      engine: engine)
    plan.run(input)
    let value = plan.value(of: model.output)
    let gradients = plan.sweep([model.output: try golden("gy")])
    #expect(relativeError(value, try golden("y")) < Self.operatorTolerance)
    let found = try #require(gradients[model.graph.input])
    #expect(relativeError(found, try golden("gx")) < Self.operatorTolerance)
    for (initializer, place) in places {
      let gradient = try #require(gradients.parameters[place.layer])[place.index]
      let expected = try golden("g_\(initializer)")
      #expect(relativeError(gradient, expected) < Self.operatorTolerance, "\(initializer)")
    }
  }

  @Test(arguments: Engine.available)
  func `batch normalisation in training is the reference's`(engine: Engine) throws {
    func golden(_ file: String) throws -> Tensor { try Self.npy("ops/batchnorm/\(file)") }
    let model = try Model("golden/ops/batchnorm/model.onnx")
    let input = try golden("x")
    let plan = try model.plan(batch: input.batch, parameters: [], phase: .training, engine: engine)
    plan.run(input)
    let value = plan.value(of: model.output)
    #expect(relativeError(value, try golden("train_y")) < Self.operatorTolerance)
    for statistic in ["bn1.running_mean", "bn1.running_var"] {
      let found = try #require(plan.update(of: try model.parameter(statistic)))
      #expect(
        relativeError(found, try golden("train_\(statistic)")) < Self.operatorTolerance,
        "\(statistic)")
    }
    let gradient = plan.sweep([model.output: try golden("gy")])[model.graph.input]
    #expect(
      relativeError(try #require(gradient), try golden("train_gx")) < Self.operatorTolerance)
  }

  // MARK: - Networks

  /// What a network is trained by: `params.json`.
  struct Parameters: Decodable {
    struct Entry: Decodable {
      let name: String
      let shape: Shape
      let offset: Int
    }
    let params: [Entry]
  }

  /// Losses before the first step: `index.json`.
  struct Index: Decodable {
    struct Net: Decodable {
      let logits: String
      let loss_eval: Double?
      let loss_train: Double?
    }
    let nets: [String: Net]
  }

  static let networks: [(String, Phase)] =
    ["plain", "residual", "fire", "vggprep", "strided", "avgres", "alex", "mobile", "mix"].map {
      ($0, .inference)
    }
    // Those with batch normalisation.
    + ["plain", "residual", "strided", "avgres", "mobile", "mix"].map { ($0, .training) }

  /// A network, the first of its three small batches, and what is known of it.
  struct Subject {
    let model: Model
    let logits: LayerName
    let input: Tensor
    let labels: [Int]
    let parameters: [Parameters.Entry]
    let places: [ParameterName]
    let loss: Double
    let gradient: Tensor

    init(_ name: String, _ phase: Phase) throws {
      let folder = "golden/nets/\(name)"
      let index = try JSONDecoder().decode(
        Index.self, from: Data(contentsOf: SharedFolder.file("golden/index.json")))
      let net = try #require(index.nets[name])
      logits = LayerName(net.logits)
      let model = try Model("\(folder)/model.onnx", upTo: logits)
      self.model = model
      parameters = try JSONDecoder().decode(
        Parameters.self, from: Data(contentsOf: SharedFolder.file("\(folder)/train/params.json"))
      ).params
      let file = phase == .training ? "grad_train" : "grad_eval"
      gradient = try GoldenParameterTests.npy("nets/\(name)/train/\(file)")
      loss = try #require(phase == .training ? net.loss_train : net.loss_eval)
      let batches = try GoldenParameterTests.npy("nets/\(name)/train/x")
      input = batches.items(0..<1)
        .reshaped(to: Shape(Array(batches.shape.extents.dropFirst())))
      labels = try GoldenParameterTests.npy("nets/\(name)/train/y").scalars.prefix(input.batch)
        .map { Int($0) }
      places = try parameters.map { try model.parameter($0.name) }
    }

    /// Mean cross-entropy, and its gradient at the logits.
    func loss(of logits: Tensor) -> (value: Double, seeds: Tensor) {
      var seeds = Tensor(zeros: logits.shape)
      var loss = 0.0
      for (item, label) in labels.enumerated() {
        let probabilities = Prediction(logits: logits.item(item).scalars).probabilities
        loss -= log(Double(probabilities[label])) / Double(labels.count)
        for (position, probability) in probabilities.enumerated() {
          seeds[item * probabilities.count + position] =
            (probability - (position == label ? 1 : 0)) / Float(labels.count)
        }
      }
      return (loss, seeds)
    }

    /// Expects the reference's gradients of all parameters.
    func expect(_ gradient: (ParameterName) throws -> Tensor) throws {
      let scale = self.gradient.largestMagnitude
      for (entry, place) in zip(parameters, places) {
        let range = entry.offset..<entry.offset + entry.shape.count
        let part = Tensor(Array(self.gradient.scalars[range]), shape: entry.shape)
        let found = try gradient(place)
        let error = (found.reshaped(to: entry.shape) - part).largestMagnitude / scale
        #expect(error < 1e-4, "\(entry.name)")
      }
    }
  }

  @Test(arguments: networks, Engine.available)
  func `the gradient of a loss is the reference's`(
    _ network: (name: String, phase: Phase), engine: Engine
  ) throws {
    let subject = try Subject(network.name, network.phase)
    let plan = try subject.model.plan(
      batch: subject.input.batch, parameters: Set(subject.places.map(\.layer)),
      phase: network.phase, engine: engine)
    plan.run(subject.input)
    let (loss, seeds) = subject.loss(of: plan.value(of: subject.model.output))
    #expect(abs(loss - subject.loss) < 1e-5 * subject.loss)
    let gradients = plan.sweep([subject.model.output: seeds]).parameters
    try subject.expect { try #require(gradients[$0.layer])[$0.index] }
  }

  /// Those without batch normalisation compute in training as in inference.
  static let trained = networks.filter { name, phase in
    phase == .training || !networks.contains { $0 == name && $1 == .training }
  }

  @Test(arguments: trained, Engine.available)
  func `a step's gradient is the reference's`(
    _ network: (name: String, phase: Phase), engine: Engine
  ) throws {
    let subject = try Subject(network.name, network.phase)
    let trainable = try TrainableNetwork(
      Network(subject.model.graph, logits: subject.logits), engine: engine)
    var loss = 0.0
    trainable.step(subject.input) { logits in
      let (value, seeds) = subject.loss(of: logits)
      loss = value
      return seeds
    }
    #expect(abs(loss - subject.loss) < 1e-5 * subject.loss)
    try subject.expect { name in
      let parameter = try #require(trainable.parameters.first { $0.name == name })
      return trainable.withGradients {
        Tensor(Array($0[parameter.range]), shape: parameter.shape)
      }
    }
  }
}
