public import Kernels
public import Tensors

/// The largest value under each window of `[N, C, H, W]`.
public struct MaxPool: Layer {
  public static let kind = "MaxPool"
  public let window: Window
  /// Whether a last window may hang over the end.
  public let roundsUp: Bool

  public init(window: Window, roundsUp: Bool = false) {
    self.window = window
    self.roundsUp = roundsUp
  }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only(rank: 4)
    return try window.pooledShape(for: input, roundingUp: roundsUp, kind: Self.kind)
  }

  public func operations(inputs: [Shape], output: Shape) -> Int { output.count * window.taps }
  public func rescaling(ofInputs changing: [Int]) -> Rescaling { .step }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    let winners = plan.makeSlot(site.output.shape, element: .int32)
    plan.emit(
      MaxPooling(input: site.inputs[0], output: site.output, winners: winners, window: window))
    plan.save(winners, for: site)
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    plan.contribute(to: 0, of: site) { target, accumulates in
      if let reference = site.reference {
        return MaxPoolingSecant(
          outputCotangent: cotangent,
          subject: .init(input: site.inputs[0], output: site.output, winners: site.saved[0]),
          reference: .init(
            input: reference.inputs[0], output: reference.output, winners: reference.saved[0]),
          inputCotangent: target, accumulates: accumulates)
      }
      return MaxPoolingPullback(
        outputCotangent: cotangent, winners: site.saved[0], inputCotangent: target,
        window: window, accumulates: accumulates)
    }
  }
}

/// The mean under each window of `[N, C, H, W]`.
public struct AveragePool: Layer {
  public static let kind = "AveragePool"
  public let window: Window
  public let roundsUp: Bool
  public let divisor: AverageDivisor

  public init(window: Window, roundsUp: Bool = false, divisor: AverageDivisor = .inside) {
    self.window = window
    self.roundsUp = roundsUp
    self.divisor = divisor
  }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only(rank: 4)
    return try window.pooledShape(for: input, roundingUp: roundsUp, kind: Self.kind)
  }

  public func isAffine(inInput index: Int) -> Bool { true }
  public func operations(inputs: [Shape], output: Shape) -> Int { output.count * window.taps }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    plan.emit(
      AveragePooling(
        input: site.inputs[0], output: site.output, window: window, divisor: divisor))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    plan.contribute(to: 0, of: site) { target, accumulates in
      AveragePoolingPullback(
        outputCotangent: cotangent, inputCotangent: target, window: window, divisor: divisor,
        accumulates: accumulates)
    }
  }
}

/// The mean of each whole plane: `[N, C, H, W]` → `[N, C, 1, 1]`.
public struct GlobalAveragePool: Layer {
  public static let kind = "GlobalAveragePool"

  public init() {}

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only()
    guard input.rank >= 3, input.count > 0 else {
      throw LayerError("expects an input [N, C, …] with positions, found \(input)")
    }
    return Shape(input.extents.enumerated().map { $0 < 2 ? $1 : 1 })
  }

  public func isAffine(inInput index: Int) -> Bool { true }
  public func operations(inputs: [Shape], output: Shape) -> Int { inputs.first?.count ?? 0 }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    plan.emit(SpatialMean(input: site.inputs[0], output: site.output))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    plan.contribute(to: 0, of: site) { target, accumulates in
      SpatialMeanPullback(
        outputCotangent: cotangent, inputCotangent: target, accumulates: accumulates)
    }
  }
}

extension Window {
  /// As `outputShape`, refusing windows that would lie wholly in the padding, and planes beyond what
  /// an index holds.
  func pooledShape(
    for input: Shape, roundingUp: Bool, kind: String
  ) throws(LayerError) -> Shape {
    for axis in [rows, columns] where axis.before >= axis.reach || axis.after >= axis.reach {
      throw LayerError(
        "padding of \(max(axis.before, axis.after)) is not smaller than the window of "
          + "\(axis.reach)")
    }
    guard input[2] * input[3] <= Int32.max else {
      throw LayerError("planes of \(input[2])x\(input[3]) are too large to pool")
    }
    let output = try outputShape(
      for: input, channels: input[1], roundingUp: roundingUp, kind: kind)
    guard rows.seesSomething(in: input[2], outputs: output[2]),
      columns.seesSomething(in: input[3], outputs: output[3])
    else {
      throw LayerError("some windows see nothing but padding of \(input)")
    }
    return output
  }
}

extension Window.Axis {
  /// Whether each window has a tap inside `extent` elements; dilated ones may step over all of them.
  fileprivate func seesSomething(in extent: Int, outputs: Int) -> Bool {
    (0..<outputs).allSatisfy { output in
      let start = output * stride - before
      let skipped = start >= 0 ? 0 : (dilation - 1 - start) / dilation
      return skipped < taps && start + skipped * dilation < extent
    }
  }
}

extension MaxPool: ONNXOperator {
  static let onnxKinds = ["MaxPool"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let spatial = try ONNXSpatialNode(node)
    return try spatial.reading(
      MaxPool(window: try spatial.window(), roundsUp: try node.flag("ceil_mode")))
  }
}

extension AveragePool: ONNXOperator {
  static let onnxKinds = ["AveragePool"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let spatial = try ONNXSpatialNode(node)
    return try spatial.reading(
      AveragePool(
        window: try spatial.window(), roundsUp: try node.flag("ceil_mode"),
        divisor: try node.flag("count_include_pad") ? .padded : .inside))
  }
}

extension GlobalAveragePool: ONNXOperator {
  static let onnxKinds = ["GlobalAveragePool"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    .layer(GlobalAveragePool(), of: try node.input())
  }
}

extension MaxPool: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    var attributes = window.attributes
    attributes["ceil_mode"] = .integer(roundsUp ? 1 : 0)
    file.node("MaxPool", of: site.inputs, as: site.name, attributes)
  }
}

extension AveragePool: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    var attributes = window.attributes
    attributes["ceil_mode"] = .integer(roundsUp ? 1 : 0)
    attributes["count_include_pad"] = .integer(divisor == .padded ? 1 : 0)
    file.node("AveragePool", of: site.inputs, as: site.name, attributes)
  }
}

extension GlobalAveragePool: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    file.node("GlobalAveragePool", of: site.inputs, as: site.name)
  }
}
