import Imaging
import Tensors

/// The picture that goes into an ONNX graph.
struct ONNXInput {
  let name: String
  /// `[C, H, W]`
  let shape: Shape
  /// The number of pictures that the file fixes; nil where it is free.
  let fixedBatch: Int?
  /// Whether the file takes `[N, H, W, C]`.
  let isChannelsLast: Bool

  /// What the picture goes through to become the file's input.
  var entry: ONNXAssembly.Entry {
    ONNXAssembly.Entry(
      name: name, shape: shape, layers: isChannelsLast ? [Transpose(order: [0, 2, 3, 1])] : [])
  }

  /// Reads the declared type and shape; `size` stands in for a height and width that are left open.
  init(_ proto: ONNXValueInfoProto, size: PixelSize?) throws(ModelError) {
    let tensor = proto.type.tensorType
    guard tensor.elemType.isReal else {
      throw ModelError(
        .unsupported,
        "the input '\(proto.name)' takes whole numbers; only real ones have a gradient. Cut the "
          + "conversion off the front of the model")
    }
    let dimensions = tensor.shape.dim
    let spelled = dimensions.map { dimension in
      switch dimension.value {
      case .dimValue(let extent)?: "\(extent)"
      case .dimParam(let name)?: "\(name.prefix(40))"
      case nil: "?"
      }
    }
    let declared = "[\(spelled.joined(separator: ", "))]"
    guard dimensions.count == 4 else {
      throw ModelError(
        .unsupported,
        "the input '\(proto.name)' is \(declared), expected a picture [N, C, H, W]")
    }
    // Exporters write an open extent as a name, as nothing, as 0 or as −1.
    var extents = dimensions.map { $0.dimValue > 0 ? Int($0.dimValue) : nil }
    isChannelsLast = Self.isChannelsLast(extents)
    if isChannelsLast { extents = [0, 3, 1, 2].map { extents[$0] } }
    guard let channels = extents[1] else {
      throw ModelError(
        .unsupported,
        "the input '\(proto.name)' is \(declared), which leaves the number of channels open")
    }
    let openEnded = extents[2] == nil || extents[3] == nil
    if openEnded && size == nil {
      throw ModelError(
        .choice,
        "the input '\(proto.name)' is \(declared), which leaves the picture's size open; choose one"
      )
    }
    let height = extents[2] ?? size?.height ?? 0
    let width = extents[3] ?? size?.width ?? 0
    if let size, size.height != height || size.width != width {
      throw ModelError(
        .choice,
        "the input '\(proto.name)' is \(declared), which a picture of \(size) does not fit")
    }
    guard let shape = Shape(validating: [channels, height, width], limit: ModelLimits.elementCount)
    else {
      throw ModelError(.limit, "the input '\(proto.name)' is \(declared), which is too large")
    }
    name = proto.name
    self.shape = shape
    fixedBatch = extents[0]
  }
  /// Whether `[N, H, W, C]` is meant: the number of channels of a picture stands at the end, and
  /// extents in front of it that are no such number.
  private static func isChannelsLast(_ extents: [Int?]) -> Bool {
    guard let last = extents[3], [1, 3, 4].contains(last) else { return false }
    return extents[1...2].allSatisfy { $0.map { $0 >= 8 } ?? true }
  }
}

extension ONNXTensorProto.DataType {
  /// Whether values of the type are computed as `Float`.
  var isReal: Bool { [.undefined, .float, .float16, .double, .bfloat16].contains(self) }
}
