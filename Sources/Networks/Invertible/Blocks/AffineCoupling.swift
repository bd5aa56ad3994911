import Kernels
public import Tensors

/// y₁ = x₁ · s(x₂) + t(x₂), then y₂ = x₂ · s′(y₁) + t′(y₁), with x₁ the first channels and x₂ the others.
///
/// An inner network gives r and t, twice the channels of the part that it changes: s = exp(β tanh r), so
/// that factors stay between e^−β and e^β. log |det| is the sum of β tanh r over all elements.
///
/// Dinh, Sohl-Dickstein, Bengio: Density Estimation Using Real NVP, 2016 (arXiv:1605.08803).
public struct AffineCoupling: InvertibleBlock {
  public static let kind = "affine-coupling"
  /// Beyond it, a factor and its inverse together cost more than half of the digits of a float.
  public static let largestBound: Float = 4

  public let name: String
  /// Channels of x₁.
  public let split: Int
  /// β, the largest logarithm of a factor.
  public let bound: Float
  /// From the channels of x₂ to twice those of x₁: r, then t.
  public let first: InnerNetwork
  /// From the channels of x₁ to twice those of x₂: r, then t.
  public let second: InnerNetwork

  public init(
    _ name: String, split: Int, bound: Float = 1, F first: InnerNetwork, G second: InnerNetwork
  ) {
    self.name = name
    self.split = split
    self.bound = bound
    self.first = first
    self.second = second
  }

  public func outputShape(for input: Shape) throws(LayerError) -> Shape {
    let halves = try Halves(of: input, split: split)
    guard bound > 0, bound <= Self.largestBound else {
      throw LayerError(
        "logarithms of its factors go up to \(bound); from 0 to \(Self.largestBound) are accepted")
    }
    try first.check(takes: halves.second, gives: 2 * split, as: "F")
    try second.check(takes: halves.first, gives: 2 * (input[0] - split), as: "G")
    return input
  }

  public func addForward(to draft: inout GraphDraft, input: Shape) throws(LayerError) {
    let (x1, x2) = draft.split(of: name, at: split, channels: input[0])
    let y1 = try addStep(to: &draft, .forward, "F", first, on: x1, knowing: x2, split)
    let y2 = try addStep(to: &draft, .forward, "G", second, on: x2, knowing: y1, input[0] - split)
    draft.add(name, Concatenate(axis: 1), of: [y1, y2])
  }

  public func addInverse(to draft: inout GraphDraft, input: Shape) throws(LayerError) {
    let own = "\(name).inverse"
    let (y1, y2) = draft.split(of: own, at: split, channels: input[0])
    let x2 = try addStep(to: &draft, .inverse, "G", second, on: y2, knowing: y1, input[0] - split)
    let x1 = try addStep(to: &draft, .inverse, "F", first, on: y1, knowing: x2, split)
    draft.add(own, Concatenate(axis: 1), of: [x1, x2])
  }

  private enum Direction { case forward, inverse }

  /// Changes one part, of `count` channels, by what the inner network makes of the other one.
  private func addStep(
    to draft: inout GraphDraft, _ direction: Direction, _ letter: String, _ inner: InnerNetwork,
    on part: LayerName, knowing other: LayerName, _ count: Int
  ) throws(LayerError) -> LayerName {
    let own = direction == .forward ? "\(name).\(letter)" : "\(name).inverse.\(letter)"
    let both = draft.add(inner, prefix: "\(name).\(letter).", of: other)
    draft.addChannels("\(own)/r", 0..<count, of: both)
    draft.add("\(own)/tanh", Tanh(HyperbolicTangent()))
    let sign: Float = direction == .forward ? 1 : -1
    draft.add("\(own)/log", try ScaleChannels(uniform: sign * bound, channels: count))
    let factor = draft.add("\(own)/factor", Exp(Exponential()))
    let shift = draft.addChannels("\(own)/shift", count..<2 * count, of: both)
    switch direction {
    case .forward:
      let scaled = draft.add("\(own)/scaled", Multiply(), of: [part, factor])
      return draft.add("\(own)/result", Add(), of: [scaled, shift])
    case .inverse:
      let shifted = draft.add("\(own)/shifted", Subtract(), of: [part, shift])
      return draft.add("\(own)/result", Multiply(), of: [shifted, factor])
    }
  }

  public func logDeterminant(for input: Shape) -> LogDeterminant {
    LogDeterminant(layers: ["F", "G"].map { LayerName("\(name).\($0)/log") })
  }

  public var record: InvertibleStructure.Block {
    .init(Self.kind, name, split: split, bound: bound, F: first, G: second)
  }

  public init(
    _ record: InvertibleStructure.Block, of layers: InvertibleStructure.Layers
  ) throws(NetworkError) {
    self.init(
      record.name, split: try record.number(\.split, "split"),
      bound: try record.number(\.bound, "bound"),
      F: try layers.inner(record.F, prefix: "\(record.name).F."),
      G: try layers.inner(record.G, prefix: "\(record.name).G."))
  }
}

extension ScaleChannels {
  /// The same factor for all channels, and no shift.
  init(uniform factor: Float, channels: Int) throws(LayerError) {
    try self.init(
      scale: Tensor(repeating: factor, shape: [channels]), shift: Tensor(zeros: [channels]))
  }
}
