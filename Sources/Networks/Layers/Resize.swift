import Kernels
public import Tensors

/// Makes axes longer or shorter by interpolating along them; never the batch.
public struct Resize: Layer {
  public static let kind = "Resize"

  public let axes: [Axis]
  public let interpolation: Interpolation
  public let coordinates: Coordinates
  /// Whether an axis that shrinks is smoothed, so that all its elements count; of no account to the
  /// nearest element.
  public let isSmoothing: Bool
  /// Whether weights of elements beyond the ends are left out and the others scaled up to sum to 1.
  /// Otherwise the outermost elements stand for them.
  public let excludesOutside: Bool

  public init(
    _ axes: [Axis], interpolation: Interpolation, coordinates: Coordinates = .halfPixel,
    isSmoothing: Bool = false, excludesOutside: Bool = false
  ) {
    self.axes = axes
    self.interpolation = interpolation
    self.coordinates = coordinates
    self.isSmoothing = isSmoothing
    self.excludesOutside = excludesOutside
  }

  public func isAffine(inInput index: Int) -> Bool { true }
  public func operations(inputs: [Shape], output: Shape) -> Int { 8 * output.count }

  public func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only()
    let limit = 1 << 24
    if case .cubic(let coefficient) = interpolation, !(abs(coefficient) <= Float(limit)) {
      throw LayerError("a cubic coefficient of \(coefficient) is too large")
    }
    var extents = input.extents
    var seen: Set<Int> = []
    for axis in axes {
      guard axis.axis != 0 else { throw LayerError("cannot resize the batch of \(input)") }
      guard (1..<max(input.rank, 1)).contains(axis.axis), seen.insert(axis.axis).inserted else {
        throw LayerError("cannot resize axis \(axis.axis) of \(input), or not twice")
      }
      guard (1...limit).contains(input[axis.axis]), (1...limit).contains(axis.outputs) else {
        throw LayerError(
          "resizing \(input[axis.axis]) elements to \(axis.outputs) is not possible")
      }
      guard axis.length > 0, abs(axis.length - Double(axis.outputs)) <= 1 else {
        throw LayerError("\(axis.outputs) elements are not what a length of \(axis.length) gives")
      }
      guard abs(axis.start) <= Float(limit), abs(axis.end) <= Float(limit) else {
        throw LayerError("a region from \(axis.start) to \(axis.end) is too far away")
      }
      extents[axis.axis] = axis.outputs
    }
    guard let shape = Shape(validating: extents) else {
      throw LayerError("resizing \(input) gives \(extents), which is too large")
    }
    return shape
  }

  public func forward(_ site: Site, into plan: inout PlanBuilder) {
    resampling(of: site).forward(site, into: &plan)
  }

  public func backward(_ site: Site, into plan: inout PlanBuilder) {
    resampling(of: site).backward(site, into: &plan)
  }

  private func resampling(of site: Site) -> SeparableResampling {
    let resized = axes.map { axis in
      ResizedAxis(
        extent: site.inputs[0].shape[axis.axis], axis: axis, interpolation: interpolation,
        coordinates: coordinates, isSmoothing: isSmoothing, excludesOutside: excludesOutside)
    }
    return SeparableResampling(
      resized.filter { !$0.isIdentity }.map { ($0.axis.axis, $0.taps) })
  }
}

extension Resize: ONNXOperator {
  static let onnxKinds = ["Resize", "Upsample"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    let input = try node.input()
    let mode = try node.string("mode") ?? "nearest"
    let coordinates = try coordinates(of: node)
    let isSmoothing = try node.flag("antialias")
    guard !isSmoothing || mode != "nearest" else {
      throw LayerError("smooths (antialias) and takes the nearest element; it cannot do both")
    }
    let excludesOutside = try node.flag("exclude_outside")
    func layer(_ axes: [Axis], _ interpolation: Interpolation) -> Resize {
      Resize(
        axes, interpolation: interpolation, coordinates: coordinates, isSmoothing: isSmoothing,
        excludesOutside: excludesOutside)
    }
    let axes = try axes(of: node, input.shape)
    if axes.isEmpty { return .same(input) }
    switch mode {
    case "nearest" where node.opset < 11:
      // What was nearest depended on the direction then.
      let shrinking = axes.filter { $0.length < Double(input.shape[$0.axis]) }
      let growing = axes.filter { !shrinking.contains($0) }
      let layers = [(shrinking, Rounding.up), (growing, .down)].filter { !$0.0.isEmpty }
      return .layers(layers.map { layer($0.0, .nearest($0.1)) }, of: [input])
    case "nearest":
      return .layer(layer(axes, .nearest(try rounding(of: node))), of: input)
    case "linear", "bilinear":
      return .layer(layer(axes, .linear), of: input)
    case "cubic":
      let coefficient = try node.float("cubic_coeff_a") ?? -0.75
      return .layer(layer(axes, .cubic(coefficient)), of: input)
    default:
      throw LayerError("resizes in mode '\(mode)', which is unknown")
    }
  }

  private static func rounding(of node: ONNXNode) throws(LayerError) -> Rounding {
    let name = try node.string("nearest_mode") ?? Rounding.halvesDown.onnxName
    guard let rounding = Rounding.allCases.first(where: { $0.onnxName == name }) else {
      throw LayerError("nearest_mode '\(name)' is unknown")
    }
    return rounding
  }

  private static func coordinates(of node: ONNXNode) throws(LayerError) -> Coordinates {
    guard node.opset >= 11 else { return .asymmetric }
    let name =
      try node.string("coordinate_transformation_mode") ?? Coordinates.halfPixel.onnxName
    let known: [Coordinates] = [
      .halfPixel, .centeredHalfPixel, .halfPixelUnlessSingle, .halfPixelUnshifted,
      .alignedCorners, .asymmetric,
      .region(outside: try node.float("extrapolation_value") ?? 0),
    ]
    guard let coordinates = known.first(where: { $0.onnxName == name }) else {
      throw LayerError("coordinate_transformation_mode '\(name)' is unknown")
    }
    return coordinates
  }

  /// The axes that the node changes.
  private static func axes(of node: ONNXNode, _ input: Shape) throws(LayerError) -> [Axis] {
    var numbers: [Int] = []
    for axis in try node.integers("axes") ?? Array(0..<input.rank) {
      let axis = try node.axis(axis, rank: input.rank)
      guard !numbers.contains(axis) else { throw LayerError("resizes axis \(axis) twice") }
      numbers.append(axis)
    }
    let targets = try targets(of: node, numbers.map { input[$0] }, batch: numbers.firstIndex(of: 0))
    var regions = [Float](repeating: 0, count: numbers.count)
    regions += [Float](repeating: 1, count: numbers.count)
    if case .region = try coordinates(of: node) {
      regions = try node.constant(1, "region").tensor.scalars
      guard regions.count == 2 * numbers.count else {
        throw LayerError("a region of \(regions.count) numbers does not fit \(numbers.count) axes")
      }
    }
    return numbers.indices.map { index in
      Axis(
        numbers[index], outputs: targets[index].outputs, length: targets[index].length,
        start: regions[index], end: regions[numbers.count + index])
    }.filter { axis in
      axis.outputs != input[axis.axis] || axis.length != Double(axis.outputs) || axis.start != 0
        || axis.end != 1
    }
  }

  /// What becomes of axes of these extents, of which one may be the batch.
  private static func targets(
    of node: ONNXNode, _ extents: [Int], batch: Int?
  ) throws(LayerError) -> [(outputs: Int, length: Double)] {
    let limit = 1 << 24
    let inputs =
      node.kind == "Resize" && node.opset >= 11 ? (scales: 2, sizes: 3) : (scales: 1, sizes: 4)
    var scales = try node.floats("scales") ?? []
    if let constant = try node.optionalConstant(inputs.scales, "scales") {
      scales = constant.tensor.scalars
    }
    var sizes: [Int] = []
    if let constant = try node.optionalConstant(inputs.sizes, "sizes"), constant.shape.count > 0 {
      guard let integers = constant.integers else {
        throw LayerError("its sizes '\(constant.name)' are no whole numbers")
      }
      sizes = integers
    }
    guard scales.isEmpty != sizes.isEmpty else {
      throw LayerError("takes either scales or sizes, found \(scales) and \(sizes)")
    }
    guard max(scales.count, sizes.count) == extents.count else {
      throw LayerError("scales \(scales) or sizes \(sizes) do not fit \(extents.count) axes")
    }
    if sizes.isEmpty {
      for (scale, extent) in zip(scales, extents)
      where !(scale > 0 && scale * Float(extent) <= Float(limit)) {
        throw LayerError("cannot scale \(extent) elements by \(scale)")
      }
      // The product is as exact as the scale is: 5 · 1.4 are 7.
      return zip(scales, extents).map { scale, extent in
        (Int(scale * Float(extent)), Double(scale) * Double(extent))
      }
    }
    // A batch that the file fixes stands for the one picture here.
    if let batch, sizes[batch] == node.fixedBatch { sizes[batch] = 1 }
    guard (sizes + extents).allSatisfy((1...limit).contains) else {
      throw LayerError("cannot resize \(extents) to \(sizes)")
    }
    let ratios = zip(sizes, extents).map { Double($0) / Double($1) }
    let policy = try node.string("keep_aspect_ratio_policy") ?? "stretch"
    let ratio: Double?
    switch policy {
    case "stretch": return sizes.map { ($0, Double($0)) }
    case "not_larger": ratio = ratios.min()
    case "not_smaller": ratio = ratios.max()
    default: throw LayerError("keep_aspect_ratio_policy '\(policy)' is unknown")
    }
    return extents.map { extent in
      let length = (ratio ?? 1) * Double(extent)
      return (Int(length + 0.5), length)
    }
  }
}

extension Resize: ONNXWritable {
  func write(_ site: ONNXSite, to file: inout ONNXWriter) throws(LayerError) {
    var attributes: [String: ONNXAttribute] = [
      "axes": .integers(axes.map(\.axis)), "antialias": .integer(isSmoothing ? 1 : 0),
      "exclude_outside": .integer(excludesOutside ? 1 : 0),
    ]
    switch interpolation {
    case .nearest(let rounding):
      attributes["mode"] = .string("nearest")
      attributes["nearest_mode"] = .string(rounding.onnxName)
    case .linear:
      attributes["mode"] = .string("linear")
    case .cubic(let coefficient):
      attributes["mode"] = .string("cubic")
      attributes["cubic_coeff_a"] = .float(coefficient)
    }
    attributes["coordinate_transformation_mode"] = .string(coordinates.onnxName)
    var region: String?
    if case .region(let outside) = coordinates {
      attributes["extrapolation_value"] = .float(outside)
      let corners = axes.map(\.start) + axes.map(\.end)
      region = file.tensor(Tensor(corners, shape: [corners.count]), as: "\(site.name).region")
    }
    if axes.allSatisfy({ $0.length == Double($0.outputs) }) {
      let sizes = file.integers(axes.map(\.outputs), as: "\(site.name).sizes")
      file.node("Resize", of: site.inputs + [region, nil, sizes], as: site.name, attributes)
      return
    }
    let scales = axes.map { Float($0.length / Double(site.shapes[0][$0.axis])) }
    for (axis, scale) in zip(axes, scales)
    where Int(scale * Float(site.shapes[0][axis.axis])) != axis.outputs {
      throw LayerError("no scale in ONNX makes \(axis.outputs) elements of axis \(axis.axis)")
    }
    let factors = file.tensor(Tensor(scales, shape: [scales.count]), as: "\(site.name).scales")
    file.node("Resize", of: site.inputs + [region, factors], as: site.name, attributes)
  }
}

extension Resize.Rounding {
  fileprivate var onnxName: String {
    switch self {
    case .halvesDown: "round_prefer_floor"
    case .halvesUp: "round_prefer_ceil"
    case .down: "floor"
    case .up: "ceil"
    }
  }
}

extension Resize.Coordinates {
  fileprivate var onnxName: String {
    switch self {
    case .halfPixel: "half_pixel"
    case .centeredHalfPixel: "half_pixel_symmetric"
    case .halfPixelUnlessSingle: "pytorch_half_pixel"
    case .halfPixelUnshifted: "tf_half_pixel_for_nn"
    case .alignedCorners: "align_corners"
    case .asymmetric: "asymmetric"
    case .region: "tf_crop_and_resize"
    }
  }
}
