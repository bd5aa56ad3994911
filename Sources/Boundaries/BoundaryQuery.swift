public import Networks
public import Tensors

/// Where is the nearest point at which the decision flips?
public struct BoundaryQuery: Sendable {
  /// `[1, C, H, W]` as the network reads it.
  public let input: Tensor
  /// The class whose region is left.
  public let fact: ClassIndex
  /// The class that must tie with the fact, above all others; nil for whichever is nearest.
  public let foil: ClassIndex?
  /// What distances mean.
  public let space: PixelSpace
  /// The least and the largest value of each pixel, `[1, C, H, W]`.
  public let lower: Tensor, upper: Tensor
  /// What is nearest.
  public let norm: Norm
  /// Decides random starts and directions.
  public let seed: UInt64

  /// How far outside of its bounds a pixel may lie, as rounding puts it; it is put back then.
  static let slack: Float = 1e-5

  /// - Parameters:
  ///   - lower: the least value of a pixel: one for all `[]`, or one for each `[1, C, H, W]`; −∞ for
  ///     none.
  ///   - upper: the largest, likewise.
  ///   - frozen: pixels that keep their value, where not 0: a plane `[H, W]` or all `[1, C, H, W]`.
  ///
  /// Throws unless the shapes agree, and the input lies in its bounds.
  public init(
    _ input: Tensor, fact: ClassIndex, foil: ClassIndex? = nil, space: PixelSpace = .identity,
    lower: Tensor = Tensor(repeating: 0, shape: []),
    upper: Tensor = Tensor(repeating: 1, shape: []), frozen: Tensor? = nil, norm: Norm = .l2,
    seed: UInt64 = 0
  ) throws(BoundaryError) {
    let shape = input.shape
    guard shape.rank >= 2, shape[0] == 1, shape.count > 0 else {
      throw .query("a query takes one input [1, C, H, W], got \(shape)")
    }
    guard foil != fact else { throw .query("fact and foil are both class \(fact)") }
    guard space.scale.count == 1 || space.scale.count == shape[1] else {
      throw .query("\(space.scale.count) scales for \(shape[1]) channels")
    }
    func spread(_ bound: Tensor, _ name: String) throws(BoundaryError) -> Tensor {
      guard bound.count == 1 || bound.shape == shape else {
        throw .query("\(name) bounds are \(bound.shape); there must be one, or \(shape)")
      }
      return bound.shape == shape ? bound : Tensor(repeating: bound[0], shape: shape)
    }
    var (lower, upper) = (try spread(lower, "lower"), try spread(upper, "upper"))
    let pixels = space.pixels(of: input)
    for index in 0..<shape.count where pixels[index].isFinite {
      guard lower[index] - Self.slack <= pixels[index], pixels[index] <= upper[index] + Self.slack
      else {
        throw .query(
          "pixel \(index) is \(pixels[index]), outside of its bounds \(lower[index]) and "
            + "\(upper[index])")
      }
    }
    if let frozen {
      let plane = shape.rank == 4 ? shape[2] * shape[3] : shape.item.count
      guard frozen.shape == shape || frozen.count == plane else {
        throw .query("the frozen pixels are \(frozen.shape); they must be [H, W] or \(shape)")
      }
      for index in 0..<shape.count where frozen[index % frozen.count] != 0 {
        lower[index] = pixels[index]
        upper[index] = pixels[index]
      }
    }
    self.input = input
    self.fact = fact
    self.foil = foil
    self.space = space
    self.lower = lower
    self.upper = upper
    self.norm = norm
    self.seed = seed
  }
}
