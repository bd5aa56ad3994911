import Tensors

/// What a file says of an invertible network beside its layers: which of them make which block.
///
/// A text `{"version": 1, "blocks": […], "head": {…}}` in the metadata of an ONNX file, under
/// `InvertibleStructure.key`. Nothing in it is believed: `InvertibleNetwork.init(_:of:)` builds the blocks
/// from the layers they name, and compares the graph that they make with the one that is there.
public struct InvertibleStructure: Sendable, Equatable, Codable {
  public static let key = "invertible"
  static let currentVersion = 1

  public let version: Int
  /// In the order of the forward pass.
  public var blocks: [Block]
  public var head: Head

  public struct Block: Sendable, Equatable, Codable {
    public let kind: String
    public let name: String
    /// Channels of the first part of a coupling.
    public let split: Int?
    /// The largest logarithm of an affine coupling's factors.
    public let bound: Float?
    /// Layers of the inner networks, without the block's name; the last one is the output.
    public let F: [String]?
    public let G: [String]?

    init(
      _ kind: String, _ name: String, split: Int? = nil, bound: Float? = nil,
      F: InnerNetwork? = nil, G: InnerNetwork? = nil
    ) {
      self.kind = kind
      self.name = name
      self.split = split
      self.bound = bound
      self.F = F.map { $0.graph.nodes.map(\.name.description) }
      self.G = G.map { $0.graph.nodes.map(\.name.description) }
    }

    /// A number that the kind needs.
    func number<N>(_ value: KeyPath<Block, N?>, _ key: String) throws(NetworkError) -> N {
      guard let number = self[keyPath: value] else {
        throw .invertible("block '\(name)' (\(kind)) does not say its '\(key)'")
      }
      return number
    }

    /// The inner layers' names in the network.
    var innerLayers: [LayerName] {
      [("F", F), ("G", G)].flatMap { letter, names in
        (names ?? []).map { LayerName("\(name).\(letter).\($0)") }
      }
    }
  }

  public struct Head: Sendable, Equatable, Codable {
    /// The layer of the scores.
    public let name: String
    /// Whether the mean over all positions comes first.
    public let isPooled: Bool

    private enum CodingKeys: String, CodingKey {
      case name
      case isPooled = "pooled"
    }
  }

  init(blocks: [Block], head: Head) {
    version = Self.currentVersion
    self.blocks = blocks
    self.head = head
  }

  /// The layers of a network, by name, for blocks to be built of.
  public struct Layers {
    private let nodes: [LayerName: LayerGraph.Node]
    private let shapes: [LayerName: Shape]

    init(_ network: Network) {
      nodes = Dictionary(network.nodes.map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
      shapes = network.shapes
    }

    subscript(name: LayerName) -> (any Layer)? { nodes[name]?.layer }

    /// The layer of a name. Throws unless it is of that type.
    func layer<L: Layer>(_ name: LayerName, as type: L.Type) throws(NetworkError) -> L {
      guard let layer = nodes[name]?.layer else {
        throw .invertible("there is no layer '\(name)'")
      }
      guard let layer = layer as? L else {
        throw .invertible("layer '\(name)' is a \(layer.kind); expected \(L.kind)")
      }
      return layer
    }

    /// The layers of these names behind a prefix, as a network of their own.
    func inner(_ names: [String]?, prefix: String) throws(NetworkError) -> InnerNetwork {
      guard let names, let last = names.last else {
        throw .invertible("there are no layers for '\(prefix)'")
      }
      var inside: [LayerGraph.Node] = []
      var source: LayerName?
      for name in names {
        guard let node = nodes[LayerName(prefix + name)] else {
          throw .invertible("there is no layer '\(prefix)\(name)'")
        }
        for input in node.inputs where !input.description.hasPrefix(prefix) {
          guard source == nil || source == input else {
            throw .invertible("layers of '\(prefix)' read both '\(source ?? "")' and '\(input)'")
          }
          source = input
        }
        inside.append(node)
      }
      guard let source, let shape = shapes[source], shape.rank == 4 else {
        throw .invertible("layers of '\(prefix)' read no map of features")
      }
      var input: LayerName = "input"
      while names.contains(input.description) { input = LayerName("\(input)'") }
      return try InnerNetwork(
        LayerGraph(
          input: input, inputShape: shape.item,
          nodes: inside.map { node in
            LayerGraph.Node(
              LayerName(String(node.name.description.dropFirst(prefix.count))), node.layer,
              of: node.inputs.map {
                $0 == source
                  ? input : LayerName(String($0.description.dropFirst(prefix.count)))
              })
          }), output: LayerName(last))
    }
  }
}
