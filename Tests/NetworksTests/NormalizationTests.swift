import Foundation
import Networks
import Tensors
import TestSupport
import Testing

/// Normalising layers read from ONNX against their definitions, in double precision.
struct NormalizationTests {
  static let shape: Shape = [2, 4, 3, 3]

  /// Where an element of `shape` stands.
  struct Place {
    let item, channel, row, column: Int

    init(_ position: Int) {
      item = position / 36
      channel = position / 9 % 4
      row = position / 3 % 3
      column = position % 3
    }
  }

  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let kind: String
    var opset = 13
    var attributes: [String: ONNXTestModel.Attribute] = [:]
    /// Extents of the factors, and of the shifts if there are any.
    var parameters: [[Int]] = []
    var epsilon = 1e-5
    /// What is normalised together has the same number.
    let group: @Sendable (Place) -> Int
    /// Which factor and which shift an element gets.
    var factor: @Sendable (Place) -> Int = { _ in 0 }
    var shift: @Sendable (Place) -> Int = { _ in 0 }

    init(
      _ name: String, _ kind: String, opset: Int = 13,
      _ attributes: [String: ONNXTestModel.Attribute] = [:], parameters: [[Int]],
      epsilon: Double = 1e-5, group: @escaping @Sendable (Place) -> Int,
      factor: @escaping @Sendable (Place) -> Int,
      shift: (@Sendable (Place) -> Int)? = nil
    ) {
      testDescription = name
      self.kind = kind
      self.opset = opset
      self.attributes = attributes
      self.parameters = parameters
      self.epsilon = epsilon
      self.group = group
      self.factor = factor
      self.shift = shift ?? factor
    }
  }

  static let cases = [
    Case(
      "instances", "InstanceNormalization", parameters: [[4], [4]],
      group: { $0.item * 4 + $0.channel },
      factor: \.channel),
    Case(
      "instances with an epsilon", "InstanceNormalization", ["epsilon": .float(0.25)],
      parameters: [[4], [4]], epsilon: 0.25, group: { $0.item * 4 + $0.channel }, factor: \.channel),
    Case(
      "rows", "LayerNormalization", opset: 17, parameters: [[3], [3]],
      group: { ($0.item * 4 + $0.channel) * 3 + $0.row }, factor: \.column),
    Case(
      "rows without shifts", "LayerNormalization", opset: 17, ["epsilon": .float(0.25)],
      parameters: [[3]],
      epsilon: 0.25, group: { ($0.item * 4 + $0.channel) * 3 + $0.row }, factor: \.column),
    Case(
      "planes", "LayerNormalization", opset: 17, ["axis": .integer(-2)],
      parameters: [[3, 3], [3, 3]],
      group: { $0.item * 4 + $0.channel }, factor: { $0.row * 3 + $0.column }),
    Case(
      "items with parameters that repeat", "LayerNormalization", opset: 17,
      ["axis": .integer(1), "stash_type": .integer(1)], parameters: [[4, 1, 1], [3, 1]],
      group: \.item,
      factor: \.channel, shift: \.row),
    Case(
      "groups with factors of their own", "GroupNormalization", opset: 18,
      ["num_groups": .integer(2)], parameters: [[2], [2]], group: { $0.item * 2 + $0.channel / 2 },
      factor: { $0.channel / 2 }),
    Case(
      "groups with factors for channels", "GroupNormalization", opset: 21,
      ["num_groups": .integer(2)], parameters: [[4], [4]], group: { $0.item * 2 + $0.channel / 2 },
      factor: \.channel),
  ]

  private func found(
    _ kind: String, opset: Int = 13, _ attributes: [String: ONNXTestModel.Attribute],
    parameters: [(values: [Float], extents: [Int])] = [], at input: Tensor
  ) throws -> [Float] {
    var model = ONNXTestModel.dense(["N", "4", "3", "3"], from: "normal")
    model.opset = opset
    model.initializers = []
    model.constant("w", [Float](repeating: 1, count: 108), [3, 36])
    let names = ["factors", "shifts", "means", "variances"].prefix(parameters.count)
    for (name, parameter) in zip(names, parameters) {
      model.constant(name, parameter.values, parameter.extents)
    }
    model.node(kind, ["x"] + names, ["normal"], attributes)
    let network = CompiledNetwork(try ModelFile(onnx: model.bytes).network)
    return network.trace(input, for: TraceRequest(reading: ["normal"]))["normal"].scalars
  }

  private func input() -> Tensor {
    var random = TestRandom(3)
    // Far from zero against their spread, where careless variances lose their digits.
    return random.tensor(Self.shape, in: 9...11)
  }

  @Test(arguments: cases)
  func `elements of a group get mean 0 and variance 1, then factors and shifts`(
    _ subject: Case
  ) throws {
    let input = input()
    let x = input.scalars.map(Double.init)
    var random = TestRandom(4)
    let parameters = subject.parameters.map { extents in
      (values: random.tensor(Shape(extents)).scalars, extents: extents)
    }
    let found = try found(
      subject.kind, opset: subject.opset, subject.attributes, parameters: parameters, at: input)
    let groups = Dictionary(grouping: x.indices) { subject.group(Place($0)) }
    for members in groups.values {
      let size = Double(members.count)
      let mean = members.reduce(0) { $0 + x[$1] } / size
      let variance = members.reduce(0) { $0 + (x[$1] - mean) * (x[$1] - mean) } / size
      for position in members {
        let place = Place(position)
        var expected = (x[position] - mean) / (variance + subject.epsilon).squareRoot()
        expected *= Double(parameters[0].values[subject.factor(place)])
        if parameters.count > 1 {
          expected += Double(parameters[1].values[subject.shift(place)])
        }
        // The mean is rounded to a few millionths of the deviation.
        #expect(abs(Double(found[position]) - expected) < 5e-6)
      }
    }
  }

  @Test(arguments: [(1, [0, 0]), (2, [0, 1]), (3, [-1, 1]), (4, [-1, 2]), (9, [-4, 4])])
  func `local response normalisation divides by what neighbouring channels hold`(
    size: Int, neighbours: [Int]
  ) throws {
    let input = input()
    let x = input.scalars.map(Double.init)
    let attributes: [String: ONNXTestModel.Attribute] = [
      "size": .integer(size), "alpha": .float(0.5), "beta": .float(0.6), "bias": .float(2),
    ]
    let found = try found("LRN", attributes, at: input)
    for (position, value) in found.enumerated() {
      let channel = Place(position).channel
      var sum = 0.0
      for step in neighbours[0]...neighbours[1] where (0..<4).contains(channel + step) {
        sum += x[position + step * 9] * x[position + step * 9]
      }
      let expected = x[position] / pow(2 + 0.5 / Double(size) * sum, 0.6)
      #expect(abs(Double(value) - expected) < 2e-6 * expected)
    }
  }

  @Test func `local response normalisation has the usual constants`() throws {
    let input = input()
    let found = try found("LRN", ["size": .integer(1)], at: input)
    for (x, y) in zip(input.scalars.map(Double.init), found) {
      #expect(abs(Double(y) - x / pow(1 + 1e-4 * x * x, 0.75)) < 2e-6 * x)
    }
  }

  @Test(arguments: [(-1, 2), (1, 2), (2, 1)])
  func `vectors along an axis get length 1`(axis: Int, order: Int) throws {
    let input = input().map { $0 - 10 }
    let attributes: [String: ONNXTestModel.Attribute] =
      axis == -1 ? [:] : ["axis": .integer(axis), "p": .integer(order)]
    let found = try found("LpNormalization", attributes, at: input)
    for (position, value) in found.enumerated() {
      let place = Place(position)
      let (index, step, count) =
        axis == 1 ? (place.channel, 9, 4) : axis == 2 ? (place.row, 3, 3) : (place.column, 1, 3)
      let line = (0..<count).map { Double(input[position + ($0 - index) * step]) }
      let length =
        order == 1
        ? line.reduce(0) { $0 + abs($1) } : line.reduce(0) { $0 + $1 * $1 }.squareRoot()
      #expect(abs(Double(value) - Double(input[position]) / length) < 1e-6)
    }
  }

  @Test func `a vector of zeros stays as it is`() throws {
    let zeros = Tensor(zeros: Self.shape)
    #expect(try found("LpNormalization", [:], at: zeros) == zeros.scalars)
    let network = CompiledNetwork(
      try SmallNetworks.around(LpNormalization(axis: 1), input: [4, 3, 3]))
    let gradient = network.gradient(of: .logit(0), for: zeros).gradient
    #expect(gradient.largestMagnitude == 0)
  }

  // MARK: - Batch normalisation

  /// The layer that a node of batch normalisation with these parameters becomes.
  private func layer(
    opset: Int = 13, _ attributes: [String: ONNXTestModel.Attribute] = [:], mean: Float = 0,
    variance: Float = 1
  ) throws -> any Layer {
    var model = ONNXTestModel.dense(["N", "2", "4", "4"], from: "normal")
    model.opset = opset
    for (name, value) in [("g", 2), ("b", 3), ("m", mean), ("v", variance)] as [(String, Float)] {
      model.constant(name, [value, value + 0.5], [2])
    }
    if variance == 1 {
      model.initializers.removeLast(2)
      model.constant("m", [mean, 0], [2])
      model.constant("v", [1, 1], [2])
    }
    model.node("BatchNormalization", ["x", "g", "b", "m", "v"], ["normal"], attributes)
    let network = try ModelFile(onnx: model.bytes).network
    return try #require(network.nodes.first { $0.name == "normal" }?.layer)
  }

  @Test func `batch normalisation keeps its parameters`() throws {
    let layer = try #require(
      try layer(["epsilon": .float(0.25), "momentum": .float(0.5)], mean: 1, variance: 4)
        as? BatchNormalization)
    #expect(
      layer.parameters.map(\.scalars) == [[2, 2.5], [3, 3.5], [1, 1.5], [4, 4.5]])
    #expect(layer.epsilon == 0.25)
    #expect(layer.momentum == 0.5)
    let usual = try #require(try self.layer(mean: 1, variance: 4) as? BatchNormalization)
    #expect(usual.epsilon == 1e-5)
    #expect(usual.momentum == 0.9)
  }

  @Test func `batch normalisation without statistics is a factor and a shift`() throws {
    let scaled = try #require(try layer(["epsilon": .float(0)]) as? ScaleChannels)
    #expect(scaled.scale.scalars == [2, 2.5])
    #expect(scaled.shift.scalars == [3, 3.5])
    #expect(try layer(["epsilon": .float(0)], mean: 1) is BatchNormalization)
    #expect(try layer() is BatchNormalization)
  }

  @Test(
    arguments: [
      (6, "is_test", 0), (14, "training_mode", 1), (8, "spatial", 0),
    ])
  func `batch normalisation in training or of positions is refused`(
    opset: Int, attribute: String, value: Int
  ) throws {
    let error = try #require(throws: ModelError.self) {
      try layer(opset: opset, [attribute: .integer(value)])
    }
    let says =
      attribute == "spatial"
      ? "has statistics for each position" : "uses the statistics of the batch"
    #expect(error.reason.contains(says))
    #expect(try layer(opset: opset, [attribute: .integer(1 - value)]) is BatchNormalization)
  }

  @Test func `batch normalisation takes inputs of two and three dimensions`() throws {
    let normal = try BatchNormalization(
      gamma: Tensor([2, 3], shape: [2]), beta: Tensor([1, 0], shape: [2]),
      mean: Tensor([1, 2], shape: [2]), variance: Tensor([4, 9], shape: [2]), epsilon: 0)
    for (extents, expected) in [([2], [2, 2]), ([2, 1], [2, 2])] as [([Int], [Float])] {
      let network = CompiledNetwork(
        try SmallNetworks.around(
          normal, input: [2, 1, 1], before: [.init("flat", Reshape(item: extents), of: ["x"])],
          inputs: ["flat"]))
      #expect(network.logits(for: Tensor([2, 4], shape: [1, 2, 1, 1])).scalars == expected)
    }
    #expect(throws: LayerError.self) { try normal.outputShape(for: [[2]]) }
    #expect(throws: LayerError.self) { try normal.outputShape(for: [[1, 3, 4, 4]]) }
  }

  @Test func `a batch in training moves the running statistics`() throws {
    let normal = try BatchNormalization(
      gamma: Tensor([1], shape: [1]), beta: Tensor([0], shape: [1]),
      mean: Tensor([10], shape: [1]), variance: Tensor([8], shape: [1]), epsilon: 0, momentum: 0.75)
    let network = CompiledNetwork(try SmallNetworks.around(normal, input: [1, 1, 2]))
    // Mean 2, variance 2 with divisor 4 and 8/3 with divisor 3.
    let batch = Tensor([0, 2, 2, 4], shape: [2, 1, 1, 2])
    let trace = network.trace(batch, for: TraceRequest(phase: .training))
    let expected = [-2.0.squareRoot(), 0, 0, 2.0.squareRoot()].map { Float($0) }
    let scores = trace[.logits]
    #expect(relativeError(scores, Tensor(expected, shape: [2, 2])) < 1e-6)
    let updates = (0..<4).map { trace.update(of: ParameterName("layer", $0))?[0] }
    #expect(updates[..<3] == [nil, nil, 8])
    #expect(abs(try #require(updates[3]) - (6 + 2 / 3.0)) < 1e-5)
    let quiet = network.trace(batch, for: TraceRequest()).update(of: ParameterName("layer", 2))
    #expect(quiet == nil)
  }

  // MARK: - Refusals

  static let refused: [(String, [String: ONNXTestModel.Attribute], [[Int]], String)] = [
    ("InstanceNormalization", [:], [[3], [3]], "expects 3 channels, found [1, 4, 3, 3]"),
    ("InstanceNormalization", [:], [[4], [3]], "expects as many factors as shifts"),
    ("InstanceNormalization", [:], [[4]], "its shifts (input 2) are missing"),
    ("LayerNormalization", ["axis": .integer(4)], [[3]], "axis 4 does not exist"),
    ("LayerNormalization", [:], [[4]], "factors or shifts [4] do not fit [3]"),
    ("LayerNormalization", [:], [[2, 3]], "factors or shifts [2, 3] do not fit [3]"),
    ("GroupNormalization", [:], [[4], [4]], "its num_groups are missing"),
    ("GroupNormalization", ["num_groups": .integer(3)], [[4], [4]], "3 groups do not divide"),
    ("GroupNormalization", ["num_groups": .integer(.min)], [[4], [4]], "groups do not divide"),
    ("GroupNormalization", ["num_groups": .integer(2)], [[2], [2]], "expects 4 factors"),
    ("LRN", [:], [], "its size is missing"),
    ("LRN", ["size": .integer(0)], [], "sums over 0 channels"),
    ("LpNormalization", ["p": .integer(3)], [], "the norm of order 3"),
    ("LpNormalization", ["axis": .integer(-5)], [], "axis -5 does not exist"),
  ]

  @Test(arguments: refused.indices)
  func `what cannot be normalised is refused with the reason`(index: Int) throws {
    let (kind, attributes, parameters, says) = Self.refused[index]
    let error = try #require(throws: ModelError.self) {
      try found(
        kind, opset: 21, attributes,
        parameters: parameters.map {
          (values: [Float](repeating: 1, count: Shape($0).count), extents: $0)
        }, at: input())
    }
    #expect(error.reason.contains(says), "\(error.reason)")
  }
}
