import Kernels
public import Tensors

/// y₁ = x₁ + F(x₂), y₂ = x₂ + G(y₁), where x₁ are the first channels and x₂ the others.
///
/// F and G are any networks; the inverse x₂ = y₂ − G(y₁), x₁ = y₁ − F(x₂) evaluates them once more. The
/// volume stays: log |det| = 0. A halving need not be even.
///
/// Dinh, Krueger, Bengio: NICE, 2014 (arXiv:1410.8516); in residual form Gomez, Ren, Urtasun, Grosse:
/// The Reversible Residual Network, 2017 (arXiv:1707.04585).
public struct AdditiveCoupling: InvertibleBlock {
  public static let kind = "additive-coupling"

  public let name: String
  /// Channels of x₁.
  public let split: Int
  /// From the channels of x₂ to those of x₁.
  public let first: InnerNetwork
  /// From the channels of x₁ to those of x₂.
  public let second: InnerNetwork

  public init(_ name: String, split: Int, F first: InnerNetwork, G second: InnerNetwork) {
    self.name = name
    self.split = split
    self.first = first
    self.second = second
  }

  public func outputShape(for input: Shape) throws(LayerError) -> Shape {
    let halves = try Halves(of: input, split: split)
    try first.check(takes: halves.second, gives: split, as: "F")
    try second.check(takes: halves.first, gives: input[0] - split, as: "G")
    return input
  }

  public func addForward(to draft: inout GraphDraft, input: Shape) throws(LayerError) {
    let (x1, x2) = draft.split(of: name, at: split, channels: input[0])
    let change1 = draft.add(first, prefix: "\(name).F.", of: x2)
    let y1 = draft.add("\(name).y1", Add(), of: [x1, change1])
    let change2 = draft.add(second, prefix: "\(name).G.", of: y1)
    let y2 = draft.add("\(name).y2", Add(), of: [x2, change2])
    draft.add(name, Concatenate(axis: 1), of: [y1, y2])
  }

  public func addInverse(to draft: inout GraphDraft, input: Shape) throws(LayerError) {
    let own = "\(name).inverse"
    let (y1, y2) = draft.split(of: own, at: split, channels: input[0])
    let change2 = draft.add(second, prefix: "\(name).G.", of: y1)
    let x2 = draft.add("\(own).x2", Subtract(), of: [y2, change2])
    let change1 = draft.add(first, prefix: "\(name).F.", of: x2)
    let x1 = draft.add("\(own).x1", Subtract(), of: [y1, change1])
    draft.add(own, Concatenate(axis: 1), of: [x1, x2])
  }

  public var record: InvertibleStructure.Block {
    .init(Self.kind, name, split: split, F: first, G: second)
  }

  public init(
    _ record: InvertibleStructure.Block, of layers: InvertibleStructure.Layers
  ) throws(NetworkError) {
    self.init(
      record.name, split: try record.number(\.split, "split"),
      F: try layers.inner(record.F, prefix: "\(record.name).F."),
      G: try layers.inner(record.G, prefix: "\(record.name).G."))
  }
}

/// Shapes of both parts of a map's channels.
struct Halves {
  let first: Shape
  let second: Shape

  /// Throws unless both parts have a channel.
  init(of input: Shape, split: Int) throws(LayerError) {
    guard input.rank == 3, split >= 1, split < input[0] else {
      throw LayerError("cannot split the channels of \(input) at \(split)")
    }
    first = Shape([split] + input.extents.dropFirst())
    second = Shape([input[0] - split] + input.extents.dropFirst())
  }
}

extension GraphDraft {
  /// Both parts of the channels of what was added last.
  mutating func split(
    of name: String, at split: Int, channels: Int
  ) -> (first: LayerName, second: LayerName) {
    let source = last
    return (
      addChannels("\(name).part1", 0..<split, of: source),
      addChannels("\(name).part2", split..<channels, of: source)
    )
  }
}
