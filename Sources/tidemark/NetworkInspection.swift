import Explanations
import Foundation
import Jobs
import Networks
import Tensors

/// What `tidemark inspect` tells of a network.
struct NetworkInspection: Encodable {
  struct Layer: Encodable {
    let name: String
    let kind: String
    /// For one picture, the leading 1 included.
    let shape: [Int]
    let inputs: [String]
    let parameters: Int
    let operations: Int
  }

  /// How a picture's features are made, and given back.
  struct Inverse: Encodable {
    struct Block: Encodable {
      let kind: String
      let name: String
    }

    let blocks: [Block]
    /// `[C, H, W]`
    let features: [Int]
    let pooledHead: Bool
    /// The largest change of a pixel 0...1 that goes to the features and back.
    let reconstructionError: Float
  }

  let file: String
  let input: String
  /// `[C, H, W]`
  let inputShape: [Int]
  let classes: Int
  let labels: Int
  let logits: String
  let parameters: Int
  /// Multiplications and additions for one picture.
  let operations: Int
  /// Pictures of one pass, and bytes that it works on.
  let batch: Int
  let workingBytes: Int
  let activationLayer: String?
  /// Nil for a network that is not known to be invertible.
  let inverse: Inverse?
  let notes: [String]
  let layers: [Layer]

  init(of model: ModelFile, at path: String, preprocess: String?) throws {
    var network = model.network
    if let preprocess {
      let preprocessing = try OpenedModel.preprocessing(preprocess)
      do throws(NetworkError) {
        network = try network.reading(preprocessing)
      } catch {
        throw JobError(.request, "\(path): \(error)")
      }
    }
    let compiled = CompiledNetwork(network)
    file = path
    input = network.input.description
    inputShape = network.inputShape.extents
    classes = network.classCount
    labels = network.labels.count
    logits = network.logits.description
    parameters = network.parameterCount
    operations = network.summaries.reduce(0) { $0 + $1.operations }
    batch = compiled.batchLimit
    workingBytes = try compiled.byteCount(
      of: TraceRequest(reading: [.logits], seeding: [.logits], gradients: [.input]), batch: batch)
    activationLayer = compiled.activationLayer?.name.description
    notes = model.notes.map(\.description)
    inverse = model.invertible.map { invertible in
      Inverse(
        blocks: invertible.structure.blocks.map { .init(kind: $0.kind, name: $0.name) },
        features: invertible.featureShape.extents, pooledHead: invertible.head.isPooled,
        reconstructionError: model.reconstructionError ?? .infinity)
    }
    layers = network.summaries.map { layer in
      Layer(
        name: layer.name.description, kind: layer.kind, shape: layer.shape.extents,
        inputs: layer.inputs.map(\.description), parameters: layer.parameterCount,
        operations: layer.operations)
    }
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  var text: String {
    let rows = layers.map { layer in
      [
        layer.name + (layer.name == activationLayer ? " *" : ""), layer.kind,
        Self.text(of: layer.shape.dropFirst()),
        layer.parameters == 0 ? "" : Self.text(of: layer.parameters),
        Self.text(of: layer.operations),
      ]
    }
    let heading = """
      \(file)
      input       \(input), \(Self.text(of: inputShape[...]))
      classes     \(classes), \(labels == 0 ? "without names in the file" : "named in the file")
      scores      \(logits)
      parameters  \(Self.text(of: parameters))
      operations  \(Self.text(of: operations)) multiplications and additions for a picture
      one pass    \(batch) pictures, \((workingBytes + (1 << 20) - 1) >> 20) MiB with gradients
      for maps    \(activationLayer.map { "\($0) (*), unless --layer names another" } ?? "no layer")

      """
    return heading + (inverse.map(Self.text) ?? "") + notes.map { "note: \($0)\n" }.joined() + "\n"
      + TextTable.text(
        [["layer", "kind", "output", "parameters", "operations"]] + rows, numbers: 2)
  }

  private static func text(of inverse: Inverse) -> String {
    var counts: [(kind: String, count: Int)] = []
    for block in inverse.blocks {
      if let place = counts.firstIndex(where: { $0.kind == block.kind }) {
        counts[place].count += 1
      } else {
        counts.append((block.kind, 1))
      }
    }
    let blocks = counts.map { "\($0.count) \($0.kind)" }.joined(separator: ", ")
    return """
      invertible  \(inverse.blocks.count) blocks: \(blocks)
      features    \(text(of: inverse.features[...])), scores linear in \
      \(inverse.pooledHead ? "their means over positions" : "all of them")
      and back    a pixel 0...1 changes by \(inverse.reconstructionError) at most

      """
  }

  private static func text(of shape: ArraySlice<Int>) -> String {
    shape.map(String.init).joined(separator: "x")
  }

  /// `3.5 M` for 3504872.
  private static func text(of count: Int) -> String {
    for (unit, size) in [("G", 1e9), ("M", 1e6), ("k", 1e3)] where Double(count) >= size {
      return "\((Double(count) / size * 10).rounded() / 10) \(unit)"
    }
    return "\(count)"
  }
}
