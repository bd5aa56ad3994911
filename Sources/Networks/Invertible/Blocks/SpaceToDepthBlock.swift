public import Tensors

/// Squares of 2 × 2 positions become channels: `[C, H, W]` → `[4C, H/2, W/2]`. A permutation of the
/// elements, so that its inverse is exact and log |det| = 0.
public struct SpaceToDepthBlock: InvertibleBlock {
  public static let kind = "space-to-depth"
  private static let side = 2

  public let name: String

  public init(_ name: String) { self.name = name }

  public func outputShape(for input: Shape) throws(LayerError) -> Shape {
    guard input.rank == 3, input[1] % Self.side == 0, input[2] % Self.side == 0 else {
      throw LayerError("squares of 2x2 positions do not fill \(input)")
    }
    return [4 * input[0], input[1] / Self.side, input[2] / Self.side]
  }

  public func addForward(to draft: inout GraphDraft, input: Shape) throws(LayerError) {
    draft.add(name, SpaceToDepth(block: Self.side))
  }

  public func addInverse(to draft: inout GraphDraft, input: Shape) throws(LayerError) {
    draft.add("\(name).inverse", DepthToSpace(block: Self.side))
  }

  public var record: InvertibleStructure.Block { .init(Self.kind, name) }

  public init(
    _ record: InvertibleStructure.Block, of layers: InvertibleStructure.Layers
  ) throws(NetworkError) {
    self.init(record.name)
  }
}
