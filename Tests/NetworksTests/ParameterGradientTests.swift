import Kernels
import Networks
import Tensors
import TestSupport
import Testing

/// Gradients of layers' parameters, and those that go through the statistics of a batch, against
/// central differences on every engine of the build.
struct ParameterGradientTests {
  /// A layer called `layer` in a small network, built anew for other values of its parameters.
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let input: Shape
    let parameters: [Shape]
    /// Parameters that no gradient trains.
    let fixed: Set<Int>
    let phase: Phase
    let network: @Sendable ([Tensor]) throws -> Network

    init(
      _ name: String, _ input: Shape, _ parameters: [Shape], fixed: Set<Int> = [],
      phase: Phase = .inference, before: [Network.Node] = [], of source: LayerName = "x",
      layer: @escaping @Sendable ([Tensor]) throws -> any Layer
    ) {
      testDescription = name
      self.input = input
      self.parameters = parameters
      self.fixed = fixed
      self.phase = phase
      network = { values in
        try SmallNetworks.around(
          try layer(values), input: input, before: before, inputs: [source])
      }
    }

    /// The input and a trained constant, combined in this order unless told otherwise.
    init(
      _ name: String, _ input: Shape, constant: Shape, _ combination: any Layer,
      of inputs: [LayerName] = ["x", "layer"]
    ) {
      testDescription = name
      self.input = input
      parameters = [constant]
      fixed = []
      phase = .inference
      network = { values in
        try Network(
          input: "x", inputShape: input,
          nodes: [
            .init("layer", Constant(values[0]), of: []),
            .init("combined", combination, of: inputs),
            .init("scores", Reshape(item: [-1]), of: ["combined"]),
          ], logits: "scores")
      }
    }

    /// A convolution of `[C, H, W]`, with a bias unless told otherwise.
    init(
      convolution name: String, _ input: Shape, to outputs: Int, taps: (Int, Int),
      groups: Int = 1, stride: Int = 1, dilation: Int = 1, before: Int = 0, after: Int = 0,
      hasBias: Bool = true
    ) {
      let weights: Shape = [outputs, input[0] / groups, taps.0, taps.1]
      self.init(name, input, [weights] + (hasBias ? [[outputs]] : [])) { values in
        func axis(_ taps: Int) throws -> Window.Axis {
          try #require(
            Window.Axis(
              taps: taps, stride: stride, dilation: dilation, before: before, after: after))
        }
        return try Convolution2D(
          weights: values[0], bias: hasBias ? values[1] : nil,
          window: Window(rows: try axis(taps.0), columns: try axis(taps.1)), groups: groups)
      }
    }
  }

  static func batchNormalization(_ name: String, _ input: Shape, _ phase: Phase) -> Case {
    let channels: Shape = [input[0]]
    return Case(
      name, input, [channels, channels, channels, channels], fixed: [2, 3], phase: phase
    ) { values in
      // Parameters are drawn from -1...1; a variance is positive.
      try BatchNormalization(
        gamma: values[0], beta: values[1], mean: values[2],
        variance: values[3] + Tensor(repeating: 1.5, shape: channels), epsilon: 1e-3)
    }
  }

  static let cases: [Case] = [
    Case(convolution: "convolution 3x3", [3, 7, 6], to: 5, taps: (3, 3), before: 1, after: 1),
    Case(convolution: "convolution 1x1", [4, 5, 5], to: 6, taps: (1, 1)),
    Case(convolution: "convolution 1x1 with stride", [4, 5, 5], to: 6, taps: (1, 1), stride: 2),
    Case(
      convolution: "convolution with stride and uneven padding", [3, 9, 8], to: 4, taps: (3, 2),
      stride: 2, after: 1, hasBias: false),
    Case(
      convolution: "convolution with dilation", [2, 9, 9], to: 3, taps: (3, 3), dilation: 2,
      before: 2, after: 2),
    Case(
      convolution: "convolution in groups", [4, 6, 6], to: 6, taps: (3, 3), groups: 2, before: 1),
    Case(
      convolution: "convolution of more positions than go at a time", [1, 25, 26], to: 2,
      taps: (2, 2)),
    Case(
      convolution: "depthwise convolution", [6, 7, 7], to: 6, taps: (3, 3), groups: 6, stride: 2,
      before: 1, after: 1),
    Case(
      convolution: "depthwise convolution of every position", [3, 6, 20], to: 3, taps: (3, 3),
      groups: 3, before: 1, after: 1),
    Case(
      convolution: "depthwise convolution with two outputs a channel", [3, 6, 6], to: 6,
      taps: (3, 3), groups: 3, before: 1, after: 1),
    Case(
      "dense", [10, 1, 1], [[4, 10], [4]],
      before: [.init("flat", Reshape(item: [10]), of: ["x"])], of: "flat"
    ) { try Dense(weights: $0[0], bias: $0[1], transposed: true) },
    Case(
      "dense with weights the other way round", [10, 1, 1], [[10, 4]],
      before: [.init("flat", Reshape(item: [10]), of: ["x"])], of: "flat"
    ) { try Dense(weights: $0[0], transposed: false) },
    Case(
      "transposed convolution with an end that nothing reaches", [4, 3, 4], [[4, 6, 2, 2], [6]]
    ) {
      try TransposedConvolution2D(
        weights: $0[0], bias: $0[1],
        window: SmallNetworks.window(2, stride: 3, before: 1, after: 0), extraRows: 1,
        extraColumns: 2)
    },
    Case("transposed convolution in groups", [6, 3, 4], [[6, 2, 3, 3], [4]]) {
      try TransposedConvolution2D(
        weights: $0[0], bias: $0[1], window: SmallNetworks.window(3, stride: 2, before: 1),
        groups: 2)
    },
    Case("transposed convolution 1x1 with a row added", [4, 3, 4], [[4, 3, 1, 1], [3]]) {
      try TransposedConvolution2D(
        weights: $0[0], bias: $0[1], window: SmallNetworks.window(1), extraRows: 1)
    },
    Case("dense over rows", [3, 4, 5], [[5, 6], [6]]) {
      try Dense(weights: $0[0], bias: $0[1], transposed: false)
    },
    Case("dense over rows with weights the other way round", [3, 4, 5], [[6, 5], [6]]) {
      try Dense(weights: $0[0], bias: $0[1], transposed: true)
    },
    Case("scaled channels in another order", [3, 4, 4], [[4], [4]]) {
      try ScaleChannels(scale: $0[0], shift: $0[1], order: [2, 0, 0, 1], inputChannels: 3)
    },
    Case("a bias as a sum of its own", [3, 4, 4], constant: [3, 1, 1], Add()),
    Case("a factor for each column", [3, 4, 4], constant: [4], Multiply()),
    Case("a rectifier with one slope a channel", [3, 4, 4], constant: [3, 1, 1], PReLU()),
    Case("a rectifier with one slope", [3, 4, 4], constant: [1], PReLU()),
    Case("what each row is divided by", [3, 4, 4], constant: [4, 1], Divide()),
    Case("what is taken off, element by element", [3, 4, 4], constant: [3, 4, 4], Subtract()),
    Case(
      "what each column is taken off", [3, 4, 4], constant: [4], Subtract(), of: ["layer", "x"]),
    Case("a matrix on the right", [3, 4, 5], constant: [5, 6], MatMul()),
    Case("a matrix on the left", [3, 4, 5], constant: [6, 4], MatMul(), of: ["layer", "x"]),
    Case("a matrix for each channel", [3, 4, 5], constant: [3, 5, 2], MatMul()),
    batchNormalization("batch normalisation with running statistics", [3, 4, 4], .inference),
    batchNormalization("batch normalisation of a batch", [3, 4, 4], .training),
    Case(
      "batch normalisation of a batch of rows", [6, 1, 1], [[6], [6], [6], [6]], fixed: [2, 3],
      phase: .training, before: [.init("flat", Reshape(item: [6]), of: ["x"])], of: "flat"
    ) {
      try BatchNormalization(
        gamma: $0[0], beta: $0[1], mean: $0[2], variance: $0[3], epsilon: 1e-3)
    },
    Case("instance normalisation", [3, 4, 4], [[3], [3]]) {
      try InstanceNormalization(scale: $0[0], shift: $0[1])
    },
    Case("layer normalisation of rows", [3, 4, 6], [[6], [6]]) {
      LayerNormalization(scale: $0[0], shift: $0[1], axis: 3)
    },
    Case("layer normalisation with parameters that repeat", [3, 4, 5], [[3, 1, 5], [4, 1]]) {
      LayerNormalization(scale: $0[0], shift: $0[1], axis: 1)
    },
    Case("group normalisation with one factor a channel", [6, 3, 3], [[6], [6]]) {
      try GroupNormalization(scale: $0[0], shift: $0[1], groups: 2)
    },
    Case("group normalisation with one factor a group", [6, 3, 3], [[3], [3]]) {
      try GroupNormalization(scale: $0[0], shift: $0[1], groups: 3)
    },
  ]

  /// ⟨weights, scores⟩ of a case at an input and parameters, and its gradients.
  struct Probe {
    let subject: Case
    let engine: Engine
    let weights: Tensor

    func value(at input: Tensor, _ parameters: [Tensor]) throws -> Double {
      let network = CompiledNetwork(try subject.network(parameters), engine: engine)
      let request = TraceRequest(reading: [.logits], phase: subject.phase)
      return network.trace(input, for: request)[.logits].dot(weights)
    }

    func gradients(
      at input: Tensor, _ parameters: [Tensor], reaching layers: Set<LayerName> = [.input]
    ) throws -> Gradients {
      let network = CompiledNetwork(try subject.network(parameters), engine: engine)
      let request = TraceRequest(
        reading: [], seeding: [.logits], gradients: layers, parameters: ["layer"],
        phase: subject.phase)
      return network.trace(input, for: request).gradients(seeding: [.logits: weights])
    }
  }

  private static let batch = 3

  /// A random input, parameters and weights of the scores.
  private func probe(
    _ subject: Case, _ engine: Engine
  ) throws -> (Probe, input: Tensor, parameters: [Tensor]) {
    var random = TestRandom(9)
    let input = random.tensor(Shape([Self.batch] + subject.input.extents))
    let parameters = subject.parameters.map { random.tensor($0, in: 0.2...1) }
    let count = try subject.network(parameters).classCount
    let weights = random.tensor([Self.batch, count])
    return (Probe(subject: subject, engine: engine, weights: weights), input, parameters)
  }

  /// The change of `value` along random directions of unit length against what `gradient` claims. In
  /// single precision the quotient is good to a thousandth; a wrong gradient is off by tenths.
  private func disagreement(
    _ shape: Shape, gradient: Tensor, step: Float = 0.01, _ value: (Tensor) throws -> Double
  ) rethrows -> Double {
    var random = TestRandom(1)
    var (worst, largest) = (0.0, 1e-6)
    for _ in 0..<4 {
      var direction = random.tensor(shape)
      direction = Float(1 / direction.dot(direction).squareRoot()) * direction
      let measured =
        (try value(step * direction) - value(-step * direction)) / Double(2 * step)
      let claimed = gradient.dot(direction)
      worst = max(worst, (measured - claimed).magnitude)
      largest = max(largest, measured.magnitude, claimed.magnitude)
    }
    return worst / largest
  }

  @Test(arguments: cases, Engine.available)
  func `parameters' gradients agree with central differences`(
    _ subject: Case, _ engine: Engine
  ) throws {
    let (probe, input, parameters) = try probe(subject, engine)
    let found = try probe.gradients(at: input, parameters)
    let gradients = try #require(found.parameters["layer"])
    #expect(gradients.map(\.shape) == subject.parameters)
    for (index, gradient) in gradients.enumerated() {
      if subject.fixed.contains(index) {
        #expect(gradient.largestMagnitude == 0)
        continue
      }
      let error = try disagreement(gradient.shape, gradient: gradient) { change in
        var changed = parameters
        changed[index] = parameters[index] + change
        return try probe.value(at: input, changed)
      }
      #expect(error < 5e-3, "parameter \(index)")
    }
  }

  @Test(arguments: cases.filter { $0.phase == .training }, Engine.available)
  func `gradients through the statistics of a batch agree with central differences`(
    _ subject: Case, _ engine: Engine
  ) throws {
    let (probe, input, parameters) = try probe(subject, engine)
    let gradient = try #require(try probe.gradients(at: input, parameters)[.input])
    let error = try disagreement(input.shape, gradient: gradient) { change in
      try probe.value(at: input + change, parameters)
    }
    #expect(error < 5e-3)
  }

  @Test(arguments: cases, Engine.available)
  func `parameters' gradients do not need the input's`(_ subject: Case, _ engine: Engine) throws {
    let (probe, input, parameters) = try probe(subject, engine)
    let alone = try probe.gradients(at: input, parameters, reaching: [])
    #expect(alone.parameters == (try probe.gradients(at: input, parameters)).parameters)
  }

  @Test(arguments: cases.filter { $0.phase == .inference }, Engine.available)
  func `a batch's gradient is the sum of its items'`(_ subject: Case, _ engine: Engine) throws {
    let (probe, input, parameters) = try probe(subject, engine)
    let together = try #require(try probe.gradients(at: input, parameters).parameters["layer"])
    var sums = together.map { Tensor(zeros: $0.shape) }
    for item in 0..<Self.batch {
      let single = Probe(
        subject: subject, engine: engine, weights: probe.weights.items(item..<item + 1))
      let found = try single.gradients(at: input.items(item..<item + 1), parameters)
      for (index, gradient) in (found.parameters["layer"] ?? []).enumerated() {
        sums[index] = sums[index] + gradient
      }
    }
    for (sum, gradient) in zip(sums, together) where gradient.largestMagnitude > 0 {
      // Sums of some hundred terms in another order.
      #expect(relativeError(sum, gradient) < 1e-5)
    }
  }
}
