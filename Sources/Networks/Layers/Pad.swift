import Kernels
public import Tensors

/// Puts a border round its input, or cuts from it where an amount is negative; never along the
/// batch. What is cut away does not come back in the border.
public struct Pad: Layer {
  public static let kind = "Pad"

  /// What the border holds.
  public enum Border: Sendable, Hashable {
    case constant(Float)
    /// The input mirrored at its outermost elements, which are not repeated.
    case reflection
    /// The outermost elements.
    case edge
    /// The input again, as if it were a ring.
    case ring
  }

  /// Elements in front and behind, per axis, the batch's included as zeros.
  public let before: [Int]
  public let after: [Int]
  public let border: Border

  public init(before: [Int], after: [Int], border: Border = .constant(0)) {
    self.before = before
    self.after = after
    self.border = border
  }

  public init(before: [Int], after: [Int], value: Float) {
    self.init(before: before, after: after, border: .constant(value))
  }

  public func isAffine(inInput index: Int) -> Bool { true }
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
      let kept = extent + min(before[axis], 0) + min(after[axis], 0)
      guard border.isConstant || kept >= 1 else {
        throw LayerError("cutting \(before[axis]) and \(after[axis]) from \(input) leaves nothing")
      }
    }
    guard extents.allSatisfy({ $0 >= 1 }), let shape = Shape(validating: extents) else {
      throw LayerError("padding \(input) gives \(extents)")
    }
    return shape
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    guard case .constant(let value) = border else {
      return resampling(site).forward(site, into: &plan)
    }
    plan.emit(Fill(site.output, with: value))
    guard let (inside, outside, extents) = overlap(site.inputs[0], site.output) else { return }
    plan.emit(StridedCopy(from: inside, to: outside, extents: extents, keepsRest: true))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    guard border.isConstant else { return resampling(site).backward(site, into: &plan) }
    let cotangent = plan.cotangent(of: site)
    plan.contributeScattered(to: 0, of: site) { target in
      guard let (inside, outside, extents) = overlap(target, cotangent) else { return nil }
      return StridedCopy(from: outside, to: inside, extents: extents, accumulates: true)
    }
  }

  /// Which element of the input each element of the output is.
  private func resampling(_ site: Site) -> SeparableResampling {
    let input = site.inputs[0].shape
    let changed = before.indices.filter { before[$0] != 0 || after[$0] != 0 }
    return SeparableResampling(
      changed.map { axis in
        let cut = max(0, -before[axis])
        let kept = input[axis] - cut + min(after[axis], 0)
        let taps = AxisTaps(inputs: input[axis], outputs: site.output.shape[axis]) { position in
          cut + border.source(of: position - max(0, before[axis]), in: kept)
        }
        return (axis, taps)
      })
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

extension Pad.Border {
  fileprivate var isConstant: Bool {
    if case .constant = self { true } else { false }
  }

  /// The position within `0..<extent` that stands at one that may lie outside.
  fileprivate func source(of position: Int, in extent: Int) -> Int {
    /// The remainder that is never negative.
    func wrapped(_ position: Int, _ period: Int) -> Int {
      let rest = position % period
      return rest < 0 ? rest + period : rest
    }
    switch self {
    case .constant, .edge: return min(max(position, 0), extent - 1)
    case .ring: return wrapped(position, extent)
    case .reflection:
      guard extent > 1 else { return 0 }
      let way = wrapped(position, 2 * (extent - 1))
      return min(way, 2 * (extent - 1) - way)
    }
  }
}

extension Pad: ONNXOperator {
  static let onnxKinds = ["Pad"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let input = try node.input()
    let rank = input.shape.rank
    let border = try border(of: node)
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
      guard before[axis] == 0, after[axis] == 0 else {
        throw LayerError("pads axis \(axis) twice")
      }
      before[axis] = amounts[index]
      after[axis] = amounts[axes.count + index]
    }
    guard (before + after).contains(where: { $0 != 0 }) else { return .same(input) }
    return .layer(Pad(before: before, after: after, border: border), of: input)
  }

  private static func border(of node: ONNXNode) throws(LayerError) -> Border {
    let mode = try node.string("mode") ?? "constant"
    switch mode {
    case "constant": return .constant(try node.float("value", orInput: 2) ?? 0)
    case "reflect": return .reflection
    case "edge": return .edge
    case "wrap": return .ring
    default: throw LayerError("pads in mode '\(mode)', which is unknown")
    }
  }
}

extension Pad: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    let pads = file.integers(before + after, as: "\(site.name).pads")
    var inputs = site.inputs + [pads]
    let mode: String
    switch border {
    case .constant(let value):
      mode = "constant"
      inputs.append(file.tensor(Tensor([value], shape: []), as: "\(site.name).value"))
    case .reflection: mode = "reflect"
    case .edge: mode = "edge"
    case .ring: mode = "wrap"
    }
    file.node("Pad", of: inputs, as: site.name, ["mode": .string(mode)])
  }
}
