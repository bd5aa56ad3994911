import Imaging
import Tensors

/// The picture that goes into an ONNX graph.
struct ONNXInput {
  let name: String
  /// `[C, H, W]`
  let shape: Shape
  /// The number of pictures that the file fixes; nil where it is free.
  let fixedBatch: Int?

  /// Reads the declared type and shape; `size` stands in for a height and width that are left open.
  init(_ proto: ONNXValueInfoProto, size: PixelSize?) throws(ModelError) {
    let tensor = proto.type.tensorType
    let real: [ONNXTensorProto.DataType] = [.undefined, .float, .float16, .double, .bfloat16]
    guard real.contains(tensor.elemType) else {
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
    let extents = dimensions.map { $0.dimValue > 0 ? Int($0.dimValue) : nil }
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
}
