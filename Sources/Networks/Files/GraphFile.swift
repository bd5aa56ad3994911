public import Tensors

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Any graph of an ONNX file, classifier or not, as layers with one input.
///
/// `ModelFile` reads classifiers. This is for everything else that has a gradient: single operators,
/// encoders, parts of networks.
public struct GraphFile: Sendable {
  /// What an output of the file has become.
  public enum Output: Sendable {
    case layer(LayerName)
    /// It depends on constants alone.
    case constant(Tensor)
  }

  /// The layers, and the one input that they are computed from.
  ///
  /// Where the file leaves the input's leading extent open, that is the batch. Where it fixes all
  /// extents, the input's shape is all of them, behind a batch of one.
  public let graph: LayerGraph
  /// The outputs in the file's order, by their names there.
  public let outputs: [(name: String, output: Output)]

  /// Reads a graph that is all in one piece.
  ///
  /// - Parameter constants: values of inputs that are to be fixed; the file may have one more at most.
  ///   Whole numbers are converted where the file declares them.
  public init(onnx bytes: [UInt8], constants: [String: Tensor] = [:]) throws(ModelError) {
    let file = try ONNXGraph(bytes: Data(bytes))
    var fixed: [String: ONNXConstant] = [:]
    for input in file.inputs {
      fixed[input.name] = try constants[input.name].map { tensor throws(ModelError) in
        try ONNXConstant(tensor, declaredAs: input)
      }
    }
    let open = file.inputs.filter { constants[$0.name] == nil }
    guard open.count <= 1 else {
      let names = open.map { "'\($0.name)'" }.joined(separator: ", ")
      throw ModelError(.choice, "the inputs \(names) are open; all but one must be fixed")
    }
    let entry = try open.first.map { input throws(ModelError) in
      try ONNXAssembly.Entry(input)
    }
    var assembly = try ONNXAssembly(
      file, entry: entry ?? ONNXAssembly.Entry(name: "", shape: []), constants: fixed,
      external: ONNXExternalData(folder: nil))
    var outputs: [(name: String, output: Output)] = []
    for name in file.outputs {
      let value = try assembly.value(of: name)
      if case .constant(let constant) = value {
        outputs.append((name, .constant(constant.tensor)))
      } else {
        outputs.append((name, .layer(LayerName(value.name))))
      }
    }
    self.outputs = outputs
    do throws(NetworkError) {
      graph = try LayerGraph(
        input: entry?.layer ?? "", inputShape: entry?.shape ?? [], nodes: assembly.nodes)
    } catch {
      throw ModelError(.malformed, "\(error)")
    }
  }
}

extension ONNXAssembly.Entry {
  /// The whole of a declared input, or one item of it where its leading extent is open.
  fileprivate init(_ proto: ONNXValueInfoProto) throws(ModelError) {
    guard case .tensorType(let tensor)? = proto.type.value, tensor.elemType.isReal else {
      throw ModelError(
        .unsupported,
        "the input '\(proto.name)' takes no real numbers, which alone have a gradient")
    }
    let extents = tensor.shape.dim.map { Int($0.dimValue) }
    let isOpen = extents.first.map { $0 <= 0 } ?? false
    guard
      let shape = Shape(
        validating: isOpen ? Array(extents.dropFirst()) : extents, limit: ModelLimits.elementCount),
      shape.count > 0
    else {
      throw ModelError(
        .unsupported,
        "the input '\(proto.name)' is \(extents); extents must be 1 or more, and known")
    }
    self.init(name: proto.name, shape: shape, layers: isOpen ? [] : [Reshape(whole: shape)])
  }
}

extension ONNXConstant {
  /// A tensor as the type that the file declares for it.
  fileprivate init(
    _ tensor: Tensor, declaredAs proto: ONNXValueInfoProto
  ) throws(ModelError) {
    guard !proto.type.tensorType.elemType.isReal else {
      self.init(tensor, name: proto.name)
      return
    }
    let integers = tensor.scalars.compactMap { Int(exactly: $0) }
    guard integers.count == tensor.count else {
      throw ModelError(
        .choice, "the input '\(proto.name)' takes whole numbers, which it was not given")
    }
    self.init(integers, shape: tensor.shape, name: proto.name)
  }
}
