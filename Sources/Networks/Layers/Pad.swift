import Kernels
public import Tensors

/// Puts a constant round its input, or cuts from it where an amount is negative; never along the
/// batch.
public struct Pad: Layer {
  public static let kind = "Pad"
  /// Elements in front and behind, per axis, the batch's included as zeros.
  public let before: [Int]
  public let after: [Int]
  public let value: Float

  public init(before: [Int], after: [Int], value: Float = 0) {
    self.before = before
    self.after = after
    self.value = value
  }

  public func operations(inputs: [Shape], output: Shape) -> Int { 0 }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only()
    guard before.count == input.rank, after.count == input.rank else {
      throw LayerError("pads \(before.count) and \(after.count) axes of \(input)")
    }
    guard before.first == 0, after.first == 0 else { throw LayerError("cannot pad the batch") }
    let limit = 1 << 24
    var extents: [Int] = []
    for (axis, extent) in input.extents.enumerated() {
      guard (-limit...limit).contains(before[axis]), (-limit...limit).contains(after[axis]) else {
        throw LayerError("padding of \(before[axis]) and \(after[axis]) is too large")
      }
      extents.append(extent + before[axis] + after[axis])
    }
    guard extents.allSatisfy({ $0 >= 1 }), let shape = Shape(validating: extents) else {
      throw LayerError("padding \(input) gives \(extents)")
    }
    return shape
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    plan.emit(Fill(site.output, with: value))
    guard let (inside, outside, extents) = overlap(site.inputs[0], site.output) else { return }
    plan.emit(StridedCopy(from: inside, to: outside, extents: extents, keepsRest: true))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    plan.contributeScattered(to: 0, of: site) { target in
      guard let (inside, outside, extents) = overlap(target, cotangent) else { return nil }
      return StridedCopy(from: outside, to: inside, extents: extents, accumulates: true)
    }
  }

  /// What input and output share; nil where everything is cut away.
  private func overlap(
    _ input: Operand, _ output: Operand
  ) -> (StridedCopy.Lattice, StridedCopy.Lattice, [Int])? {
    let first = before.map { max(0, -$0) }
    let extents = input.shape.extents.indices.map {
      input.shape[$0] - first[$0] - max(0, -after[$0])
    }
    guard extents.allSatisfy({ $0 > 0 }) else { return nil }
    func offset(_ positions: [Int], _ shape: Shape) -> Int {
      zip(positions, shape.strides).reduce(0) { $0 + $1.0 * $1.1 }
    }
    return (
      .init(input, offset: offset(first, input.shape), strides: input.shape.strides),
      .init(
        output, offset: offset(before.map { max(0, $0) }, output.shape),
        strides: output.shape.strides),
      extents
    )
  }
}

extension Pad: ONNXOperator {
  static let onnxKinds = ["Pad"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let input = try node.input()
    let rank = input.shape.rank
    let mode = try node.string("mode") ?? "constant"
    guard mode == "constant" else {
      throw LayerError("pads in mode '\(mode)'; only 'constant' can be read")
    }
    // The first operator set called the attribute 'paddings'.
    let amounts: [Int]
    if let pads = try node.integers("paddings") {
      amounts = pads
    } else if let pads = try node.integers("pads", orInput: 1) {
      amounts = pads
    } else {
      throw LayerError("its pads are missing")
    }
    let axes = try node.integers("axes", orInput: 3) ?? Array(0..<rank)
    guard amounts.count == 2 * axes.count else {
      throw LayerError("\(amounts.count) pads do not fit \(axes.count) axes")
    }
    var before = [Int](repeating: 0, count: rank)
    var after = before
    for (index, axis) in axes.enumerated() {
      let axis = try node.axis(axis, rank: rank)
      before[axis] = amounts[index]
      after[axis] = amounts[axes.count + index]
    }
    let value = try node.float("value", orInput: 2) ?? 0
    return .layer(Pad(before: before, after: after, value: value), of: input)
  }
}
