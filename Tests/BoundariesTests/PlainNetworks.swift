import Networks
import Tensors
import TestSupport

/// Classifiers whose boundaries are known on paper; inputs are `[1, 1, 1, D]`.
enum PlainNetworks {
  static func input(_ values: [Float]) -> Tensor {
    Tensor(values, shape: [1, 1, 1, values.count])
  }

  /// w · x + b against 0.
  static func plane(_ weights: [Float], bias: Float) -> CompiledNetwork {
    guard
      let network = try? SmallNetworks.linear(
        [weights, weights.map { _ in 0 }], bias: [bias, 0])
    else { preconditionFailure("a plane is a network") }
    return CompiledNetwork(network)
  }

  /// r² − |x|² against 0, in three dimensions.
  static func sphere(radius: Float) throws -> CompiledNetwork {
    try CompiledNetwork(
      Network(
        input: "x", inputShape: [1, 1, 3],
        nodes: [
          .init("square", Multiply(), of: ["x", "x"]),
          .init("flat", Reshape(item: [3]), of: ["square"]),
          .init(
            "scores",
            try Dense(
              weights: Tensor([-1, -1, -1, 0, 0, 0], shape: [2, 3]),
              bias: Tensor([radius * radius, 0], shape: [2]), transposed: true),
            of: ["flat"]),
        ], logits: "scores"))
  }

  /// Rectifiers that no input in 0...1 opens.
  static func dead() throws -> CompiledNetwork {
    try CompiledNetwork(
      Network(
        input: "x", inputShape: [1, 1, 2],
        nodes: [
          .init("flat", Reshape(item: [2]), of: ["x"]),
          .init(
            "hidden",
            try Dense(
              weights: Tensor([-1, -1], shape: [1, 2]), bias: Tensor([-1], shape: [1]),
              transposed: true), of: ["flat"]),
          .init("relu", ReLU(), of: ["hidden"]),
          .init(
            "scores",
            try Dense(
              weights: Tensor([1, -1], shape: [2, 1]), bias: Tensor([1, 0], shape: [2]),
              transposed: true), of: ["relu"]),
        ], logits: "scores"))
  }
}
