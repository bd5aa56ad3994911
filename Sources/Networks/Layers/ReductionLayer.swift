public import Kernels
public import Tensors

/// One value for all that lie along some axes: sums, means, maxima and their kin.
public struct ReductionLayer<R: NamedReduction>: Layer {
  public static var kind: String { R.kind }
  /// Counted from the front, ascending. Without axes, each element is reduced by itself.
  public let axes: [Int]
  /// Whether the axes stay, with one element each.
  public let keepsAxes: Bool

  public init(axes: some Sequence<Int>, keepsAxes: Bool = true) {
    self.axes = Set(axes).sorted()
    self.keepsAxes = keepsAxes
  }

  public func isItemwise(for inputs: [Shape]) -> Bool { axes.first != 0 }

  public func rescaling(ofInputs changing: [Int]) -> Rescaling {
    if R.self == SumOfValues.self || R.self == MeanOfValues.self { return .step }
    return .average(points: R.self == SumOfSquares.self ? 1 : 8)
  }

  public func operations(inputs: [Shape], output: Shape) -> Int { inputs.first?.count ?? 0 }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only()
    guard axes.allSatisfy(input.extents.indices.contains) else {
      throw LayerError("cannot reduce \(input) along \(axes)")
    }
    let reduced = input.extents.indices.map { axes.contains($0) ? 1 : input[$0] }
    return Shape(
      keepsAxes ? reduced : reduced.indices.filter { !axes.contains($0) }.map { reduced[$0] })
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    plan.emit(Reduce<R>(input: site.inputs[0], output: site.output, axes: Set(axes)))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    plan.contribute(to: 0, of: site) { target, accumulates in
      ReducePullback<R>(
        outputCotangent: cotangent, input: site.inputs[0], output: site.output,
        inputCotangent: target, axes: Set(axes), accumulates: accumulates)
    }
  }
}

/// A reduction that is an operator by itself.
public protocol NamedReduction: Reduction {
  static var kind: String { get }
}

extension SumOfValues: NamedReduction { public static var kind: String { "ReduceSum" } }
extension MeanOfValues: NamedReduction { public static var kind: String { "ReduceMean" } }
extension LargestOfValues: NamedReduction { public static var kind: String { "ReduceMax" } }
extension SmallestOfValues: NamedReduction { public static var kind: String { "ReduceMin" } }
extension ProductOfValues: NamedReduction { public static var kind: String { "ReduceProd" } }
extension SumOfMagnitudes: NamedReduction { public static var kind: String { "ReduceL1" } }
extension SumOfSquares: NamedReduction { public static var kind: String { "ReduceSumSquare" } }
extension EuclideanLength: NamedReduction { public static var kind: String { "ReduceL2" } }
extension LogarithmOfSum: NamedReduction { public static var kind: String { "ReduceLogSum" } }
extension LogarithmOfExponentials: NamedReduction {
  public static var kind: String { "ReduceLogSumExp" }
}

public typealias ReduceSum = ReductionLayer<SumOfValues>
public typealias ReduceMean = ReductionLayer<MeanOfValues>
public typealias ReduceMax = ReductionLayer<LargestOfValues>
public typealias ReduceMin = ReductionLayer<SmallestOfValues>
public typealias ReduceProduct = ReductionLayer<ProductOfValues>
public typealias ReduceMagnitudes = ReductionLayer<SumOfMagnitudes>
public typealias ReduceSquares = ReductionLayer<SumOfSquares>
public typealias ReduceLength = ReductionLayer<EuclideanLength>
public typealias ReduceLogSum = ReductionLayer<LogarithmOfSum>
public typealias ReduceLogSumExp = ReductionLayer<LogarithmOfExponentials>

extension ReductionLayer: ONNXOperator {
  static var onnxKinds: [String] { [kind] }

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let input = try node.input()
    let rank = input.shape.rank
    let axes = try node.reducedAxes(rank: rank)
    let keepsAxes = try node.flag("keepdims", default: true)
    // What attributions take for the features' pooling.
    if R.self == MeanOfValues.self, rank >= 3, axes == Array(2..<rank) {
      let pool = GlobalAveragePool()
      if keepsAxes { return .layer(pool, of: input) }
      return .layers([pool, Reshape(item: [input.shape[1]])], of: [input])
    }
    return .layer(ReductionLayer(axes: axes, keepsAxes: keepsAxes), of: input)
  }
}

extension ONNXNode {
  /// The axes that a reduction runs along, ascending: all of them where none is named, unless the
  /// node says otherwise.
  func reducedAxes(rank: Int) throws(LayerError) -> [Int] {
    var axes: Set<Int> = []
    for axis in try integers("axes", orInput: 1) ?? [] {
      axes.insert(try self.axis(axis, rank: rank))
    }
    let isIdle = try flag("noop_with_empty_axes")
    return axes.isEmpty && !isIdle ? Array(0..<rank) : axes.sorted()
  }
}

extension ReductionLayer: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    let along = file.integers(axes, as: "\(site.name).axes")
    file.node(
      Self.kind, of: site.inputs + [along], as: site.name,
      ["keepdims": .integer(keepsAxes ? 1 : 0), "noop_with_empty_axes": .integer(1)])
  }
}
