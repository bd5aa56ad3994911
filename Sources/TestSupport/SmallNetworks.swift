public import Kernels
public import Networks
public import Tensors

/// Networks whose answers can be worked out on paper, and small ones with everything in them.
public enum SmallNetworks {
  /// logits = W·x + b for inputs `[1, 1, D]`; `rows` are the rows of W.
  public static func linear(_ rows: [[Float]], bias: [Float]) throws -> Network {
    let depth = rows[0].count
    return try Network(
      input: "x", inputShape: [1, 1, depth],
      nodes: [
        .init("flat", Reshape(item: [depth]), of: ["x"]),
        .init(
          "scores",
          try Dense(
            weights: Tensor(rows.flatMap(\.self), shape: [rows.count, depth]),
            bias: Tensor(bias, shape: [rows.count]), transposed: true),
          of: ["flat"]),
      ], logits: "scores")
  }

  /// Puts one layer under test between the input and a flattening to scores.
  public static func around(
    _ layer: any Layer, input: Shape, before: [Network.Node] = [], inputs: [LayerName] = ["x"]
  ) throws -> Network {
    try Network(
      input: "x", inputShape: input,
      nodes: before + [
        .init("layer", layer, of: inputs), .init("scores", Reshape(item: [-1]), of: ["layer"]),
      ], logits: "scores")
  }

  /// A window of one size for both axes.
  public static func window(
    _ taps: Int, stride: Int = 1, dilation: Int = 1, before: Int = 0, after: Int? = nil
  ) -> Window {
    guard
      let axis = Window.Axis(
        taps: taps, stride: stride, dilation: dilation, before: before, after: after ?? before)
    else { preconditionFailure("no window") }
    return Window(rows: axis, columns: axis)
  }

  /// Convolutions, a residual sum, a join, both poolings, a clip and a dense head, with random
  /// weights: `[3, 16, 16]` to 5 classes.
  public static func mixed(seed: UInt64 = 7) throws -> Network {
    var random = TestRandom(seed)
    func convolution(_ from: Int, _ to: Int, _ taps: Int, stride: Int = 1) throws -> Convolution2D {
      let spread = (3 / Float(from * taps * taps)).squareRoot()
      return try Convolution2D(
        weights: random.tensor([to, from, taps, taps], in: -spread...spread),
        bias: random.tensor([to], in: -0.1...0.1),
        window: window(taps, stride: stride, before: taps / 2))
    }
    return try Network(
      input: "x", inputShape: [3, 16, 16],
      nodes: [
        .init("conv1", try convolution(3, 8, 3), of: ["x"]),
        .init("relu1", ReLU(), of: ["conv1"]),
        .init("pool1", MaxPool(window: window(3, stride: 2, before: 1)), of: ["relu1"]),
        .init("conv2", try convolution(8, 8, 3), of: ["pool1"]),
        .init("sum", Add(), of: ["conv2", "pool1"]),
        .init("clip", Clip(ClipFunction(low: 0, high: 6)), of: ["sum"]),
        .init("wide", try convolution(8, 4, 1), of: ["clip"]),
        .init("narrow", try convolution(8, 4, 3), of: ["clip"]),
        .init("join", Concatenate(axis: 1), of: ["wide", "narrow"]),
        .init("pool2", AveragePool(window: window(2, stride: 2)), of: ["join"]),
        .init("relu2", ReLU(), of: ["pool2"]),
        .init("pooled", GlobalAveragePool(), of: ["relu2"]),
        .init("flat", Reshape(item: [8]), of: ["pooled"]),
        .init(
          "scores",
          try Dense(
            weights: random.tensor([5, 8]), bias: random.tensor([5]), transposed: true),
          of: ["flat"]),
      ], logits: "scores")
  }
}
