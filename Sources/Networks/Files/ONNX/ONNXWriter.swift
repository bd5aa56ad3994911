import SwiftProtobuf
import Tensors

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A layer that has a form in ONNX: the way back from `ONNXOperator`.
protocol ONNXWritable: Layer {
  /// Adds the nodes that compute the layer; the last one's output is `site.name`.
  ///
  /// Throws a sentence where ONNX cannot say what the layer does.
  func write(_ site: ONNXSite, to file: inout ONNXWriter) throws(LayerError)
}

/// A layer's place in a file under construction.
struct ONNXSite {
  /// The value that the layer produces.
  let name: String
  /// The values that it reads.
  let inputs: [String]
  /// Shapes of these for one picture.
  let shapes: [Shape]
  let output: Shape
}

/// Nodes and tensors of an ONNX file under construction.
struct ONNXWriter {
  /// The operator set that is written: the first whose group normalisation knows channels.
  static let opset = 21
  /// The version of the file format that came with it.
  static let formatVersion = 10

  private(set) var graph = ONNXGraphProto()
  private var taken: Set<String>
  private var truthValues: Set<String> = []
  /// Numbers for truth values, and the other way round.
  private var casts: [String: String] = [:]
  /// Bytes of the tensors so far.
  private(set) var byteCount = 0

  /// - Parameter names: what no name of the file's own making may be.
  init(reserving names: Set<String>) { taken = names }

  /// Adds a node; an input may be left out.
  ///
  /// Layers have truth values as numbers, ONNX as a type of their own: values are cast between them
  /// where a node needs the other kind.
  ///
  /// - Parameters:
  ///   - truths: positions of inputs that are truth values in ONNX.
  ///   - isTruth: whether the output is.
  mutating func node(
    _ kind: String, of inputs: [String?], as output: String,
    _ attributes: [String: ONNXAttribute] = [:], truths: Set<Int> = [], isTruth: Bool = false
  ) {
    var cast: [String?] = []
    for (position, input) in inputs.enumerated() {
      cast.append(input.map { self.cast($0, toTruth: truths.contains(position)) })
    }
    if isTruth { truthValues.insert(output) }
    append(kind, of: cast, as: output, attributes)
  }

  /// A value as a truth value or a number, whichever is wanted.
  private mutating func cast(_ value: String, toTruth: Bool) -> String {
    guard truthValues.contains(value) != toTruth else { return value }
    if let known = casts[value] { return known }
    let name = free("\(value)/\(toTruth ? "truth" : "number")")
    let type: ONNXTensorProto.DataType = toTruth ? .bool : .float
    append("Cast", of: [value], as: name, ["to": .integer(type.rawValue)])
    casts[value] = name
    return name
  }

  private mutating func append(
    _ kind: String, of inputs: [String?], as output: String,
    _ attributes: [String: ONNXAttribute]
  ) {
    var node = ONNXNodeProto()
    node.opType = kind
    node.name = output
    node.input = inputs.map { $0 ?? "" }
    node.output = [output]
    node.attribute = attributes.sorted { $0.key < $1.key }.map { $1.proto(named: $0) }
    graph.node.append(node)
  }

  /// Adds a tensor of real numbers and gives its name.
  mutating func tensor(_ tensor: Tensor, as wanted: String) -> String {
    tensor.withScalars { scalars in
      initializer(wanted, .float, tensor.shape) { data in
        for scalar in scalars {
          withUnsafeBytes(of: scalar.bitPattern.littleEndian) { data.append(contentsOf: $0) }
        }
      }
    }
  }

  /// Adds whole numbers, a list by default, and gives their name. Traps unless they fit the shape.
  mutating func integers(_ values: [Int], shape: Shape? = nil, as wanted: String) -> String {
    let shape = shape ?? [values.count]
    precondition(shape.count == values.count, "\(values.count) numbers are not \(shape)")
    return initializer(wanted, .int64, shape) { data in
      for value in values {
        withUnsafeBytes(of: Int64(value).littleEndian) { data.append(contentsOf: $0) }
      }
    }
  }

  /// Adds a tensor under a layer's own name.
  mutating func constant(_ tensor: Tensor, named name: String) {
    taken.remove(name)
    _ = self.tensor(tensor, as: name)
  }

  /// A name that nothing has yet.
  mutating func free(_ wanted: String) -> String {
    var name = wanted
    var number = 2
    while !taken.insert(name).inserted {
      name = "\(wanted)-\(number)"
      number += 1
    }
    return name
  }

  private mutating func initializer(
    _ wanted: String, _ type: ONNXTensorProto.DataType, _ shape: Shape,
    _ fill: (inout Data) -> Void
  ) -> String {
    var proto = ONNXTensorProto()
    proto.name = free(wanted)
    proto.dataType = type
    proto.dims = shape.extents.map { Int64($0) }
    let width = type.width ?? 0
    proto.rawData.reserveCapacity(shape.count * width)
    fill(&proto.rawData)
    byteCount += shape.count * width
    graph.initializer.append(proto)
    return proto.name
  }

  // MARK: - Values from outside

  /// Declares the network's input and output.
  mutating func declare(
    input: (name: String, extents: [ONNXExtent]), output: (name: String, extents: [ONNXExtent])
  ) {
    graph.input = [ONNXValueInfoProto(input.name, input.extents)]
    graph.output = [ONNXValueInfoProto(output.name, output.extents)]
  }

  /// The whole file, with labels and other texts. Throws beyond what the format holds.
  func bytes(labels: [String], metadata: [String: String]) throws(ModelError) -> [UInt8] {
    var model = ONNXModelProto()
    model.irVersion = Int64(Self.formatVersion)
    model.producerName = "tidemark"
    var opset = ONNXOperatorSetIdProto()
    opset.version = Int64(Self.opset)
    model.opsetImport = [opset]
    model.graph = graph
    model.graph.name = "network"
    do {
      var texts = metadata
      if !labels.isEmpty {
        texts["labels"] = String(decoding: try JSONEncoder().encode(labels), as: UTF8.self)
      }
      model.metadataProps = texts.sorted { $0.key < $1.key }.map { key, text in
        var entry = ONNXStringStringEntryProto()
        entry.key = key
        entry.value = text
        return entry
      }
      var options = BinaryEncodingOptions()
      options.useDeterministicOrdering = true
      return try model.serializedBytes(options: options)
    } catch {
      throw ModelError(.limit, "cannot be written as an ONNX file: \(error)")
    }
  }
}

/// One extent of a declared shape.
enum ONNXExtent {
  case fixed(Int)
  case open(String)
}

extension ONNXValueInfoProto {
  fileprivate init(_ name: String, _ extents: [ONNXExtent]) {
    self.init()
    self.name = name
    var tensor = ONNXTypeProto.Tensor()
    tensor.elemType = .float
    tensor.shape.dim = extents.map { extent in
      var dimension = ONNXTensorShapeProto.Dimension()
      dimension.value =
        switch extent {
        case .fixed(let count): .dimValue(Int64(count))
        case .open(let name): .dimParam(name)
        }
      return dimension
    }
    type.value = .tensorType(tensor)
  }
}
