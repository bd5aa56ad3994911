import Kernels
import Networks
import Tensors
import TestSupport
import Testing

/// Every layer's backward step against central differences, on every engine of the build.
struct LayerGradientTests {
  /// A layer in a small network, with an input away from kinks.
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let input: Shape
    let network: @Sendable () throws -> Network

    init(_ name: String, _ input: Shape, _ layer: @escaping @Sendable () throws -> any Layer) {
      testDescription = name
      self.input = input
      network = { try SmallNetworks.around(try layer(), input: input) }
    }

    init(_ name: String, _ input: Shape, network: @escaping @Sendable () throws -> Network) {
      testDescription = name
      self.input = input
      self.network = network
    }
  }

  static func convolution(
    _ from: Int, _ to: Int, _ taps: Int, groups: Int = 1, stride: Int = 1, dilation: Int = 1,
    before: Int = 0, after: Int? = nil
  ) throws -> Convolution2D {
    var random = TestRandom(11)
    return try Convolution2D(
      weights: random.tensor([to, from / groups, taps, taps]), bias: random.tensor([to]),
      window: SmallNetworks.window(
        taps, stride: stride, dilation: dilation, before: before, after: after),
      groups: groups)
  }

  static func transposedConvolution(
    _ from: Int, _ to: Int, _ window: Window, groups: Int = 1, extra: Int = 0
  ) throws -> TransposedConvolution2D {
    var random = TestRandom(11)
    return try TransposedConvolution2D(
      weights: random.tensor([from, to / groups, window.rows.taps, window.columns.taps]),
      bias: random.tensor([to]), window: window, groups: groups, extraRows: extra,
      extraColumns: extra)
  }

  /// A layer that sees values of 1...3 only.
  static func shifted(_ layer: any Layer) -> @Sendable () throws -> Network {
    {
      try SmallNetworks.around(
        layer, input: [3, 5, 5],
        before: [
          .init("two", Constant(Tensor([2], shape: [1])), of: []),
          .init("above", Add(), of: ["x", "two"]),
        ], inputs: ["above"])
    }
  }

  /// A power of the input, or of the input plus two.
  static func power(
    _ exponent: [Float], of base: LayerName
  ) -> @Sendable () throws -> Network {
    {
      try SmallNetworks.around(
        Pow(), input: [3, 5, 5],
        before: [
          .init("two", Constant(Tensor([2], shape: [1])), of: []),
          .init("above", Add(), of: ["x", "two"]),
          .init("exponent", Constant(Tensor(exponent, shape: [1])), of: []),
        ], inputs: [base, "exponent"])
    }
  }

  /// A layer that works along the leading axis, on one picture laid out as `shape`.
  static func whole(_ layer: any Layer, of shape: Shape) -> @Sendable () throws -> Network {
    {
      let count = try layer.outputShape(for: [shape]).count
      return try Network(
        input: "x", inputShape: shape,
        nodes: [
          .init("front", Reshape(whole: shape), of: ["x"]),
          .init("layer", layer, of: ["front"]),
          .init("scores", Reshape(whole: [1, count]), of: ["layer"]),
        ], logits: "scores")
    }
  }

  static func constant(_ shape: Shape) -> Network.Node {
    var random = TestRandom(5)
    return .init("constant", Constant(random.tensor(shape, in: 0.5...1.5)), of: [])
  }

  static let cases: [Case] = [
    Case("convolution 3x3", [3, 7, 6]) { try convolution(3, 5, 3, before: 1) },
    Case("convolution 1x1", [4, 5, 5]) { try convolution(4, 6, 1) },
    Case("convolution 1x1 with stride", [4, 5, 5]) { try convolution(4, 6, 1, stride: 2) },
    Case("convolution with stride and uneven padding", [3, 9, 8]) {
      try convolution(3, 4, 3, stride: 2, before: 0, after: 1)
    },
    Case("convolution with dilation", [2, 9, 9]) {
      try convolution(2, 3, 3, dilation: 2, before: 2)
    },
    Case("convolution in groups", [4, 6, 6]) { try convolution(4, 6, 3, groups: 2, before: 1) },
    Case("depthwise convolution", [6, 7, 7]) {
      try convolution(6, 6, 3, groups: 6, stride: 2, before: 1)
    },
    Case("depthwise convolution with two outputs a channel", [3, 6, 6]) {
      try convolution(3, 6, 3, groups: 3, before: 1)
    },
    Case("transposed convolution", [4, 3, 4]) {
      try transposedConvolution(4, 6, SmallNetworks.window(3, before: 1))
    },
    Case("transposed convolution with stride and an end that nothing reaches", [4, 3, 4]) {
      try transposedConvolution(
        4, 3, SmallNetworks.window(2, stride: 3, before: 1, after: 0), groups: 1, extra: 2)
    },
    Case("transposed convolution in groups, dilated", [6, 3, 4]) {
      try transposedConvolution(6, 4, SmallNetworks.window(3, stride: 2, dilation: 2), groups: 2)
    },
    Case("transposed depthwise convolution", [4, 3, 4]) {
      try transposedConvolution(4, 4, SmallNetworks.window(4, stride: 2, before: 1), groups: 4)
    },
    Case("transposed convolution 1x1 with a row and a column added", [4, 3, 4]) {
      try transposedConvolution(4, 3, SmallNetworks.window(1), extra: 1)
    },
    Case("a sum of two transposed convolutions of one input", [4, 3, 4]) {
      let upwards = try transposedConvolution(4, 3, SmallNetworks.window(2, stride: 2))
      return try SmallNetworks.around(
        Add(), input: [4, 3, 4],
        before: [.init("a", upwards, of: ["x"]), .init("b", upwards, of: ["x"])],
        inputs: ["a", "b"])
    },
    Case("dense", [10, 1, 1]) {
      var random = TestRandom(3)
      let dense = try Dense(
        weights: random.tensor([4, 10]), bias: random.tensor([4]), transposed: true)
      return try SmallNetworks.around(
        dense, input: [10, 1, 1], before: [.init("flat", Reshape(item: [10]), of: ["x"])],
        inputs: ["flat"])
    },
    Case("dense with weights the other way round", [5, 2, 1]) {
      var random = TestRandom(3)
      let dense = try Dense(weights: random.tensor([10, 4]), transposed: false)
      return try SmallNetworks.around(
        dense, input: [5, 2, 1], before: [.init("flat", Reshape(item: [10]), of: ["x"])],
        inputs: ["flat"])
    },
    Case("relu", [3, 5, 5]) { ReLU() },
    Case("clip", [3, 5, 5]) { Clip(ClipFunction(low: -0.507, high: 0.507)) },
    Case("leaky relu", [3, 5, 5]) { LeakyReLU(LeakyRectifier(alpha: 0.2)) },
    Case("elu", [3, 5, 5]) { ELU(ExponentialLinear(alpha: 1.3)) },
    Case("selu", [3, 5, 5]) { SELU(ScaledExponentialLinear()) },
    Case("sigmoid", [3, 5, 5]) { Sigmoid(LogisticFunction()) },
    Case("hard sigmoid", [3, 5, 5]) { HardSigmoid(HardLogistic(alpha: 0.8, beta: 0.31)) },
    Case("hard swish", [3, 5, 5]) { HardSwish(HardSwishFunction()) },
    Case("softplus", [3, 5, 5]) { Softplus(SoftplusFunction()) },
    Case("mish", [3, 5, 5]) { Mish(MishFunction()) },
    Case("tanh", [3, 5, 5]) { Tanh(HyperbolicTangent()) },
    Case("softsign", [3, 5, 5]) { Softsign(SoftsignFunction()) },
    Case("error function", [3, 5, 5]) { Erf(ErrorFunction()) },
    Case("exponential", [3, 5, 5]) { Exp(Exponential()) },
    Case("logarithm", [3, 5, 5], network: shifted(Log(NaturalLogarithm()))),
    Case("square root", [3, 5, 5], network: shifted(Sqrt(SquareRoot()))),
    Case("reciprocal", [3, 5, 5], network: shifted(Reciprocal(ReciprocalFunction()))),
    Case("magnitude", [3, 5, 5]) { Abs(Magnitude()) },
    Case("negation", [3, 5, 5]) { Negate(Negation()) },
    Case("gelu", [3, 5, 5]) { GELU(GaussianLinear()) },
    Case("gelu by the hyperbolic tangent", [3, 5, 5]) {
      GELU(GaussianLinear(isApproximate: true))
    },
    Case("the smaller of input and constant", [3, 4, 4]) {
      try SmallNetworks.around(
        Min(), input: [3, 4, 4], before: [constant([3, 1, 1])], inputs: ["x", "constant"])
    },
    Case("the larger of constant and input", [3, 4, 4]) {
      try SmallNetworks.around(
        Max(), input: [3, 4, 4], before: [constant([3, 1, 1])], inputs: ["constant", "x"])
    },
    Case("the input's square", [3, 5, 5], network: power([2], of: "x")),
    Case("a power between roots and squares", [3, 5, 5], network: power([1.7], of: "above")),
    Case("a rectifier with one slope a channel", [3, 4, 4]) {
      try SmallNetworks.around(
        PReLU(), input: [3, 4, 4], before: [constant([3, 1, 1])], inputs: ["x", "constant"])
    },
    Case("max pooling", [2, 8, 8]) { MaxPool(window: SmallNetworks.window(2, stride: 2)) },
    Case("max pooling that overlaps", [2, 9, 9]) {
      MaxPool(window: SmallNetworks.window(3, stride: 2, before: 1))
    },
    Case("max pooling rounded up", [2, 8, 8]) {
      MaxPool(window: SmallNetworks.window(3, stride: 2), roundsUp: true)
    },
    Case("average pooling over the inside", [2, 7, 7]) {
      AveragePool(window: SmallNetworks.window(3, stride: 2, before: 1))
    },
    Case("average pooling over padding", [2, 7, 7]) {
      AveragePool(
        window: SmallNetworks.window(3, stride: 2, before: 1), roundsUp: true, divisor: .padded)
    },
    Case("max pooling whose only window hangs over the end", [2, 3, 4]) {
      MaxPool(window: SmallNetworks.window(5, stride: 4), roundsUp: true)
    },
    Case("sums of magnitudes under windows", [2, 7, 7]) {
      LpPool(window: SmallNetworks.window(3, stride: 2, before: 1), exponent: 1)
    },
    Case("lengths under windows that overlap", [2, 7, 7]) {
      LpPool(window: SmallNetworks.window(3, dilation: 2, before: 2))
    },
    Case("cubic lengths under windows, rounded up", [2, 8, 8]) {
      LpPool(window: SmallNetworks.window(3, stride: 2), exponent: 3, roundsUp: true)
    },
    Case("blocks of channels to squares of pixels", [8, 3, 2]) { DepthToSpace(block: 2) },
    Case("channels to squares of pixels, places last", [8, 3, 2]) {
      DepthToSpace(block: 2, order: .channelsFirst)
    },
    Case("squares of pixels to channels", [2, 6, 3]) { SpaceToDepth(block: 3) },
    Case("global average pooling", [4, 5, 3]) { GlobalAveragePool() },
    Case("scaled channels in another order", [3, 4, 4]) {
      var random = TestRandom(2)
      return try ScaleChannels(
        scale: random.tensor([4]), shift: random.tensor([4]), order: [2, 0, 0, 1],
        inputChannels: 3)
    },
    Case("batch normalisation with running statistics", [3, 4, 4]) {
      var random = TestRandom(2)
      return try BatchNormalization(
        gamma: random.tensor([3]), beta: random.tensor([3]), mean: random.tensor([3]),
        variance: random.tensor([3], in: 0.5...2))
    },
    Case("instance normalisation", [3, 4, 4]) {
      var random = TestRandom(2)
      return try InstanceNormalization(scale: random.tensor([3]), shift: random.tensor([3]))
    },
    Case("layer normalisation of rows", [3, 4, 6]) {
      var random = TestRandom(2)
      return LayerNormalization(scale: random.tensor([6]), shift: random.tensor([6]), axis: 3)
    },
    Case("layer normalisation with one factor a channel", [3, 4, 4]) {
      var random = TestRandom(2)
      return LayerNormalization(scale: random.tensor([3, 1, 1]), axis: 1)
    },
    Case("group normalisation with one factor a channel", [6, 3, 3]) {
      var random = TestRandom(2)
      return try GroupNormalization(
        scale: random.tensor([6]), shift: random.tensor([6]), groups: 2)
    },
    Case("group normalisation with one factor a group", [6, 3, 3]) {
      var random = TestRandom(2)
      return try GroupNormalization(
        scale: random.tensor([3]), shift: random.tensor([3]), groups: 3)
    },
    Case("local response normalisation", [6, 3, 3]) {
      LocalResponseNormalization(ResponseWindow(size: 3, alpha: 2, bias: 1.5))
    },
    Case("local response normalisation over an even number of channels", [6, 3, 3]) {
      LocalResponseNormalization(ResponseWindow(size: 4, alpha: 2, beta: 0.6, bias: 1.5))
    },
    Case("vectors of length 1", [6, 3, 3]) { LpNormalization(axis: 1) },
    Case("vectors whose magnitudes add up to 1", [3, 3, 6]) {
      LpNormalization(axis: 3, norm: .taxicab)
    },
    Case("softmax", [6, 2, 2]) { SoftmaxLayer(axis: 1) },
    Case("logarithm of the softmax", [6, 2, 2]) { SoftmaxLayer(axis: 1, isLogarithmic: true) },
    Case("transpose", [3, 4, 2]) { Transpose(order: [0, 3, 1, 2]) },
    Case("slice", [6, 5, 4]) {
      Slice([
        .init(axis: 1, start: 1, end: 6, step: 2), .init(axis: 3, start: -1, end: -9, step: -1),
      ])
    },
    Case(
      "transpose of the leading axis", [3, 4, 2],
      network: whole(Transpose(order: [2, 0, 1]), of: [3, 4, 2])),
    Case(
      "slice of the leading axis", [5, 4],
      network: whole(Slice([.init(axis: 0, start: 4, end: 0, step: -2)]), of: [5, 4])),
    Case(
      "softmax along the leading axis", [5, 4], network: whole(SoftmaxLayer(axis: 0), of: [5, 4])),
    Case(
      "mean along all but the batch and the last axis", [3, 4, 5],
      network: whole(ReduceMean(axes: [0, 1]), of: [3, 4, 5])),
    Case("sum along the channels", [6, 3, 5]) { ReduceSum(axes: [1]) },
    Case("mean along the last axis", [3, 4, 5]) { ReduceMean(axes: [3], keepsAxes: false) },
    Case("largest along axes that are apart", [4, 3, 5]) { ReduceMax(axes: [1, 3]) },
    Case("smallest along the rows", [3, 4, 5]) { ReduceMin(axes: [2], keepsAxes: false) },
    Case("product along the channels", [3, 5, 5], network: shifted(ReduceProduct(axes: [1]))),
    Case("sum of magnitudes", [3, 4, 5]) { ReduceMagnitudes(axes: [2, 3]) },
    Case("sum of squares", [3, 4, 5]) { ReduceSquares(axes: [1, 2, 3]) },
    Case("length along the channels", [4, 3, 5]) { ReduceLength(axes: [1]) },
    Case("logarithm of the sum", [3, 5, 5], network: shifted(ReduceLogSum(axes: [1, 3]))),
    Case("logarithm of the sum of exponentials", [3, 4, 20]) { ReduceLogSumExp(axes: [2]) },
    Case("product of matrices from one input", [2, 4, 4]) {
      try SmallNetworks.around(MatMul(), input: [2, 4, 4], inputs: ["x", "x"])
    },
    Case("product with its own transpose", [2, 3, 40]) {
      try SmallNetworks.around(
        MatMul(transposesSecond: true), input: [2, 3, 40], inputs: ["x", "x"])
    },
    Case("product of transposed matrices", [2, 4, 4]) {
      try SmallNetworks.around(
        MatMul(transposesFirst: true, transposesSecond: true), input: [2, 4, 4],
        before: [constant([1, 4, 4])], inputs: ["x", "constant"])
    },
    Case("product of matrices with one factor for all channels", [3, 4, 5]) {
      try SmallNetworks.around(
        MatMul(), input: [3, 4, 5],
        before: [
          .init("mean", ReduceMean(axes: [1]), of: ["x"]),
          .init("turned", Transpose(order: [0, 1, 3, 2]), of: ["mean"]),
        ], inputs: ["x", "turned"])
    },
    Case("product of matrices with a column", [3, 4, 5]) {
      try SmallNetworks.around(
        MatMul(), input: [3, 4, 5], before: [constant([5])], inputs: ["x", "constant"])
    },
    Case("product of a row with matrices", [3, 4, 5]) {
      try SmallNetworks.around(
        MatMul(), input: [3, 4, 5], before: [constant([4])], inputs: ["constant", "x"])
    },
    Case("positions gathered twice and from the end", [5, 3, 4]) {
      Gather(axis: 1, positions: [4, -1, 0, 2], shape: [2, 2])
    },
    Case(
      "positions of the leading axis", [5, 4],
      network: whole(Gather(axis: 0, positions: [3, 3, 0]), of: [5, 4])),
    Case("input repeated along axes", [3, 1, 4]) { Expand(to: [1, 3, 5, 4]) },
    Case("copies side by side", [3, 2, 4]) { Tile(repeats: [1, 2, 1, 3]) },
    Case(
      "copies along the leading axis", [3, 4], network: whole(Tile(repeats: [2, 1]), of: [3, 4])),
    Case("choice between input and its square", [3, 4, 4]) {
      try SmallNetworks.around(
        Where(), input: [3, 4, 4],
        before: [
          constant([3, 1, 1]), .init("mask", Greater(), of: ["constant", "x"]),
          .init("square", Multiply(), of: ["x", "x"]),
        ], inputs: ["mask", "x", "square"])
    },
    Case("choice between repeated values", [3, 4, 4]) {
      try SmallNetworks.around(
        Where(), input: [3, 4, 4],
        before: [
          .init("mean", ReduceMean(axes: [3]), of: ["x"]),
          .init("sum", ReduceSum(axes: [1]), of: ["x"]),
          .init("mask", Constant(Tensor([1, 0, 0, 1], shape: [4, 1])), of: []),
        ], inputs: ["mask", "mean", "sum"])
    },
    Case("celu", [3, 5, 5]) { CELU(ContinuousExponentialLinear(alpha: 0.7)) },
    Case("swish", [3, 5, 5]) { Swish(SwishFunction(alpha: 1.3)) },
    Case("rectifier with a threshold", [3, 5, 5]) {
      ThresholdedReLU(ThresholdedRectifier(alpha: 0.307))
    },
    Case("sine", [3, 5, 5]) { Sin(SineFunction()) },
    Case("cosine", [3, 5, 5]) { Cos(CosineFunction()) },
    Case("fixed factor", [3, 5, 5]) { Scale(FixedFactor(-1.5)) },
    Case("padding and cutting", [2, 4, 5]) {
      Pad(before: [0, 1, -1, 2], after: [0, 0, 2, -1], value: 0.5)
    },
    Case("padding by reflection", [2, 4, 5]) {
      Pad(before: [0, 1, -1, 6], after: [0, 0, 2, -1], border: .reflection)
    },
    Case("padding by the edge", [2, 4, 5]) {
      Pad(before: [0, 1, 2, -2], after: [0, 0, 2, 3], border: .edge)
    },
    Case("padding by a ring", [2, 4, 5]) {
      Pad(before: [0, 0, 6, 1], after: [0, 1, -1, 2], border: .ring)
    },
    Case("resizing to the nearest element", [2, 4, 5]) {
      Resize(
        [.init(2, outputs: 7), .init(3, outputs: 3)], interpolation: .nearest(.halvesDown))
    },
    Case("resizing along lines", [2, 4, 5]) {
      Resize(
        [.init(2, outputs: 7), .init(3, outputs: 9), .init(1, outputs: 3)],
        interpolation: .linear, coordinates: .alignedCorners)
    },
    Case("shrinking smoothly", [2, 9, 8]) {
      Resize(
        [.init(2, outputs: 3), .init(3, outputs: 5)], interpolation: .linear, isSmoothing: true)
    },
    Case("a sum of two sizes of one input", [2, 4, 3]) {
      let up = Resize([.init(2, outputs: 7), .init(3, outputs: 2)], interpolation: .linear)
      let border = Pad(before: [0, 0, 1, 0], after: [0, 0, 2, -1], border: .edge)
      return try SmallNetworks.around(
        Add(), input: [2, 4, 3],
        before: [.init("a", up, of: ["x"]), .init("b", border, of: ["x"])], inputs: ["a", "b"])
    },
    Case("resizing by cubic convolution", [2, 5, 6]) {
      Resize(
        [.init(2, outputs: 8), .init(3, outputs: 4, length: 4.5)], interpolation: .cubic(-0.5),
        coordinates: .centeredHalfPixel, excludesOutside: true)
    },
    Case("a region that hangs over the end", [2, 5, 6]) {
      Resize(
        [.init(2, outputs: 7, start: -0.2, end: 0.7), .init(3, outputs: 4, start: 0.9, end: 0.1)],
        interpolation: .linear, coordinates: .region(outside: 3))
    },
    Case("sum with itself", [2, 3, 3]) {
      try SmallNetworks.around(Add(), input: [2, 3, 3], inputs: ["x", "x"])
    },
    Case("product with itself", [2, 3, 3]) {
      try SmallNetworks.around(Multiply(), input: [2, 3, 3], inputs: ["x", "x"])
    },
    Case("product with one factor a channel", [3, 4, 4]) {
      try SmallNetworks.around(
        Multiply(), input: [3, 4, 4], before: [constant([3, 1, 1])], inputs: ["constant", "x"])
    },
    Case("quotient by a constant", [3, 4, 4]) {
      try SmallNetworks.around(
        Divide(), input: [3, 4, 4], before: [constant([1, 3, 1, 4])], inputs: ["x", "constant"])
    },
    Case("a constant minus the input", [3, 4, 4]) {
      try SmallNetworks.around(
        Subtract(), input: [3, 4, 4], before: [constant([])], inputs: ["constant", "x"])
    },
    Case("product over repeated positions", [3, 4, 4]) {
      try SmallNetworks.around(
        Multiply(), input: [3, 4, 4],
        before: [.init("mean", GlobalAveragePool(), of: ["x"])], inputs: ["x", "mean"])
    },
    Case("join of views of one input", [2, 3, 4]) {
      try SmallNetworks.around(
        Concatenate(axis: 2), input: [2, 3, 4],
        before: [
          .init("a", Reshape(item: [4, 3, 2]), of: ["x"]),
          .init("b", Reshape(item: [4, 3, 2]), of: ["x"]),
        ], inputs: ["a", "b", "a"])
    },
    Case("a residual block whose branches are joined", [3, 4, 4]) {
      // Free of kinks: sums, joins and views with several readers each.
      try Network(
        input: "x", inputShape: [3, 4, 4],
        nodes: [
          .init("first", try convolution(3, 4, 3, before: 1), of: ["x"]),
          .init("soft", SoftmaxLayer(axis: 1), of: ["first"]),
          .init("second", try convolution(4, 4, 3, before: 1), of: ["soft"]),
          .init("sum", Add(), of: ["second", "soft"]),
          .init("square", Multiply(), of: ["sum", "sum"]),
          .init("join", Concatenate(axis: 1), of: ["square", "soft", "sum"]),
          .init("pool", AveragePool(window: SmallNetworks.window(2)), of: ["join"]),
          .init("scores", Reshape(item: [-1]), of: ["pool"]),
        ], logits: "scores")
    },
  ]

  @Test(arguments: cases, Engine.available)
  func `gradients agree with central differences`(_ subject: Case, _ engine: Engine) throws {
    var random = TestRandom(42)
    // All values differ, by more than the probe moves any of them, so that maxima, clips and
    // rectifiers stay on one side of their kinks.
    let network = try subject.network()
    let shape = Shape([network.isBatchable ? 2 : 1] + subject.input.extents)
    let ladder = (0..<shape.count).map { (Float($0) + 0.5) / Float(shape.count) * 2 - 1 }
    let found = GradientCheck.disagreement(
      of: network,
      at: Tensor(ladder.shuffled(using: &random), shape: shape), engine: engine)
    #expect(found < 5e-3)
  }
}
