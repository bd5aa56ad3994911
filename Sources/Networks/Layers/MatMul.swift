import Kernels
public import Tensors

/// The product of two inputs: matrices in their last two axes, the axes in front broadcast against
/// one another. An input of one axis is a row on the left and a column on the right, as NumPy has it.
public struct MatMul: Layer {
  public static let kind = "MatMul"
  /// Whether the last two axes of the first or the second input are taken the other way round.
  public let transposesFirst: Bool
  public let transposesSecond: Bool

  public init(transposesFirst: Bool = false, transposesSecond: Bool = false) {
    self.transposesFirst = transposesFirst
    self.transposesSecond = transposesSecond
  }

  public func isAffine(inInput index: Int) -> Bool { true }
  public func rescaling(ofInputs changing: [Int]) -> Rescaling {
    changing.count == 1 ? .step : .average(points: 1)
  }
  public func operations(inputs: [Shape], output: Shape) -> Int {
    let depth = rows(inputs[0])[transposesFirst ? -2 : -1]
    let (product, overflow) = output.count.multipliedReportingOverflow(by: 2 * depth)
    return overflow ? .max / 4 : min(product, .max / 4)
  }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    guard inputs.count == 2 else { throw LayerError("expects two inputs, found \(inputs.count)") }
    guard inputs.allSatisfy({ $0.rank >= 1 && $0.count > 0 }) else {
      throw LayerError("cannot multiply \(inputs[0]) by \(inputs[1])")
    }
    let (a, b) = (rows(inputs[0]), columns(inputs[1]))
    let (depth, others) = (a[transposesFirst ? -2 : -1], b[transposesSecond ? -1 : -2])
    guard depth == others,
      let leading = a.leading.broadcast(with: b.leading),
      let shape = Shape(
        validating: leading.extents + (inputs[0].rank == 1 ? [] : [a[transposesFirst ? -1 : -2]])
          + (inputs[1].rank == 1 ? [] : [b[transposesSecond ? -2 : -1]]))
    else { throw LayerError("cannot multiply \(inputs[0]) by \(inputs[1])") }
    return shape
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    let (a, b, c) = factors(site, output: site.output)
    plan.emit(
      BatchedMatrixProduct(
        first: .init(a, isTransposed: transposesFirst),
        second: .init(b, isTransposed: transposesSecond), target: c))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let (a, b, dc) = factors(site, output: plan.cotangent(of: site))
    let first = BatchedMatrixProduct.Factor(a, isTransposed: transposesFirst)
    let second = BatchedMatrixProduct.Factor(b, isTransposed: transposesSecond)
    let gradient = BatchedMatrixProduct.Factor(dc)
    plan.contribute(to: 0, of: site) { target, accumulates in
      // Of the first factor as it is multiplied: dc · bᵀ.
      BatchedMatrixProduct(
        first: gradient, second: second.transposed, target: target.reshaped(to: a.shape),
        isTransposed: transposesFirst, accumulates: accumulates)
    }
    plan.contribute(to: 1, of: site) { target, accumulates in
      BatchedMatrixProduct(
        first: first.transposed, second: gradient, target: target.reshaped(to: b.shape),
        isTransposed: transposesSecond, accumulates: accumulates)
    }
  }

  /// Both inputs and the output as stacks of matrices of one rank.
  private func factors(_ site: Site, output: Operand) -> (Operand, Operand, Operand) {
    let (a, b) = (site.inputs[0], site.inputs[1])
    let (left, right) = (rows(a.shape), columns(b.shape))
    let rank = max(left.rank, right.rank)
    var extents = output.shape.extents
    if a.shape.rank == 1 { extents.insert(1, at: extents.count - (b.shape.rank == 1 ? 0 : 1)) }
    if b.shape.rank == 1 { extents.append(1) }
    return (
      a.reshaped(to: left.padded(toRank: rank)), b.reshaped(to: right.padded(toRank: rank)),
      output.reshaped(to: Shape(extents))
    )
  }

  /// The first input with its row as a matrix.
  private func rows(_ shape: Shape) -> Shape {
    guard shape.rank == 1 else { return shape }
    return transposesFirst ? [shape[0], 1] : [1, shape[0]]
  }

  /// The second input with its column as a matrix.
  private func columns(_ shape: Shape) -> Shape {
    guard shape.rank == 1 else { return shape }
    return transposesSecond ? [1, shape[0]] : [shape[0], 1]
  }
}

extension Shape {
  /// Without the last two extents.
  fileprivate var leading: Shape { Shape(Array(extents.dropLast(2))) }
}

extension MatMul: ONNXOperator {
  static let onnxKinds = ["MatMul"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let (first, second) = (try node.input(0), try node.input(1))
    // Trained weights are a layer's parameters.
    if case .constant(let weights) = second, weights.shape.rank == 2, first.shape.rank >= 2 {
      return .layer(try Dense(weights: weights.tensor, transposed: false), of: first)
    }
    return .layers([MatMul()], of: [first, second])
  }
}

extension MatMul: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    let flips = [transposesFirst, transposesSecond]
    let factors = site.inputs.indices.map { index in
      let rank = site.shapes[index].rank
      guard flips[index], rank >= 2 else { return site.inputs[index] }
      let order = Array(0..<rank - 2) + [rank - 1, rank - 2]
      let name = file.free("\(site.name)/factor\(index)")
      file.node("Transpose", of: [site.inputs[index]], as: name, ["perm": .integers(order)])
      return name
    }
    file.node("MatMul", of: factors, as: site.name)
  }
}
