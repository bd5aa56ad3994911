public import Tensors

/// A step of an invertible network: a bijection between maps of features, made of ordinary layers.
///
/// A block describes. It adds the layers that compute it to a graph, and those of its inverse to
/// another one. Layers with parameters that are trained have the same names in both, so that one set
/// of parameters serves both.
public protocol InvertibleBlock: Sendable {
  /// What files call it.
  static var kind: String { get }

  /// In front of the names of all its layers; the last one of the forward graph has this name.
  var name: String { get }

  /// The shape `[C', H', W']` that it makes of `[C, H, W]`, of as many elements. Everything that the
  /// other functions rely on is checked here, a vanishing scale included.
  func outputShape(for input: Shape) throws(LayerError) -> Shape

  /// Adds the layers that compute the block; `draft.last` is what it reads, and then its output.
  func addForward(to draft: inout GraphDraft, input: Shape) throws(LayerError)

  /// Adds the layers that take it back; `draft.last` is the block's output, and then its input again,
  /// which has the shape `input`.
  func addInverse(to draft: inout GraphDraft, input: Shape) throws(LayerError)

  /// log |det ∂y/∂x| for items of the given shape.
  func logDeterminant(for input: Shape) -> LogDeterminant

  /// Layers that training has to leave as they are for the block to stay invertible.
  var fixedLayers: Set<LayerName> { get }

  /// What a file says of the block, beside its layers.
  var record: InvertibleStructure.Block { get }

  /// The block that a file describes, made of the layers it names.
  init(_ record: InvertibleStructure.Block, of layers: InvertibleStructure.Layers)
    throws(NetworkError)
}

extension InvertibleBlock {
  public var fixedLayers: Set<LayerName> { [] }
  public func logDeterminant(for input: Shape) -> LogDeterminant { LogDeterminant() }
}

/// A logarithm of |det ∂y/∂x|: a number, and layers whose elements are added up for each item.
public struct LogDeterminant: Sendable, Equatable {
  public var constant: Double
  /// Names in the forward graph.
  public var layers: [LayerName]

  public init(constant: Double = 0, layers: [LayerName] = []) {
    self.constant = constant
    self.layers = layers
  }
}

/// The kinds of blocks that files may name.
enum InvertibleCatalog {
  static func block(
    _ record: InvertibleStructure.Block, of layers: InvertibleStructure.Layers
  ) throws(NetworkError) -> any InvertibleBlock {
    switch record.kind {
    case AdditiveCoupling.kind: return try AdditiveCoupling(record, of: layers)
    case AffineCoupling.kind: return try AffineCoupling(record, of: layers)
    case SpaceToDepthBlock.kind: return try SpaceToDepthBlock(record, of: layers)
    case ChannelMixing.kind: return try ChannelMixing(record, of: layers)
    case ChannelScaling.kind: return try ChannelScaling(record, of: layers)
    default:
      throw .invertible("block '\(record.name)' is of kind '\(record.kind)', which is not known")
    }
  }
}
