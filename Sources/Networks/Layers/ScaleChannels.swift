import Kernels
public import Tensors

/// One factor and one shift per channel of `[N, C, …]`, with channels in any order, such as the
/// preprocessing of pixels.
public struct ScaleChannels: Layer {
  public static let kind = "ScaleChannels"

  /// `[C']`
  public let scale: Tensor
  /// `[C']`
  public let shift: Tensor
  /// The input channel behind each output channel.
  public let order: [Int]
  private let inputChannels: Int

  /// Throws when the counts differ or the order names a channel that does not exist.
  public init(
    scale: Tensor, shift: Tensor, order: [Int]? = nil, inputChannels: Int? = nil
  ) throws(LayerError) {
    let order = order ?? Array(0..<scale.count)
    let inputChannels = inputChannels ?? order.count
    guard scale.shape == [order.count], shift.shape == scale.shape else {
      throw LayerError(
        "\(order.count) channels need as many factors and shifts, found \(scale.shape) and "
          + "\(shift.shape)")
    }
    guard order.allSatisfy((0..<inputChannels).contains) else {
      throw LayerError("the order \(order) names channels beyond 0..<\(inputChannels)")
    }
    self.scale = scale
    self.shift = shift
    self.order = order
    self.inputChannels = inputChannels
  }

  public var parameters: [Tensor] { [scale, shift] }
  public func isAffine(inInput index: Int) -> Bool { true }
  public func operations(inputs: [Shape], output: Shape) -> Int { 2 * output.count }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only()
    guard input.rank >= 2, input[1] == inputChannels else {
      throw LayerError("expects \(inputChannels) channels, found \(input)")
    }
    return Shape([input[0], order.count] + input.extents.dropFirst(2))
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    plan.emit(
      ChannelAffine(
        input: site.inputs[0], scale: site.parameters[0], shift: site.parameters[1],
        output: site.output, order: order))
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    plan.contribute(to: 0, of: site) { target, accumulates in
      ChannelAffinePullback(
        outputCotangent: cotangent, scale: site.parameters[0], inputCotangent: target,
        order: order, accumulates: accumulates)
    }
    plan.contribute(toParameter: 0, of: site) { target, accumulates in
      ChannelDot(
        first: cotangent, second: site.inputs[0], output: target, order: order,
        accumulates: accumulates)
    }
    plan.contribute(toParameter: 1, of: site) { target, accumulates in
      ChannelSum(input: cotangent, output: target, accumulates: accumulates)
    }
  }
}

extension ScaleChannels: ONNXWritable {
  /// As a batch normalisation without statistics, behind a choice of channels where their order
  /// changes.
  func write(_ site: ONNXSite, to file: inout ONNXWriter) {
    var source = site.inputs[0]
    if order != Array(0..<inputChannels) {
      let indices = file.integers(order, as: "\(site.name).order")
      let ordered = file.free("\(site.name)/ordered")
      file.node("Gather", of: [source, indices], as: ordered, ["axis": .integer(1)])
      source = ordered
    }
    let parts = [
      ("scale", scale), ("shift", shift), ("mean", Tensor(zeros: scale.shape)),
      ("variance", Tensor(repeating: 1, shape: scale.shape)),
    ].map { role, tensor in file.tensor(tensor, as: "\(site.name).\(role)") }
    file.node(
      "BatchNormalization", of: [source] + parts, as: site.name, ["epsilon": .float(0)])
  }
}
