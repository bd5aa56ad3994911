import Tensors

/// A mask over the picture as a function of weights, and the gradient back.
struct MaskModel {
  /// How weights become a mask.
  enum Form: Sendable {
    /// Σ wᵢAᵢ scaled to 0...1, then enlarged.
    case scaledThenEnlarged
    /// Σ wᵢAᵢ enlarged, then (r − min r) / max r.
    case enlargedThenScaled
    /// One weight, 0...1, for each cell of a grid, enlarged.
    case free
  }

  /// A mask for certain weights.
  struct Mask {
    /// `[H · W]`, 0...1.
    let values: [Double]
    /// `[1, h, w]` at the resolution at which the mask was made.
    var map: Tensor { Tensor(cells.map { Float($0) }, shape: shape) }
    /// Whether it is the same everywhere, as only a free mask can be.
    var isFlat: Bool { cells.allSatisfy { $0 == cells.first } }
    /// Mean of the values: the part of the picture that it shows.
    var area: Double { values.reduce(0, +) / Double(values.count) }
    fileprivate let cells: [Double]
    fileprivate let shape: Shape
    fileprivate let scaling: MaskScaling?
  }

  let form: Form
  /// How many weights there are.
  let count: Int
  private let plane: Int
  /// Aᵢ, `[count · plane]`; empty for a free mask.
  private let maps: [Double]
  private let enlargement: MaskEnlargement

  /// Combinations of the channels of a layer, `[1, C, h, w]`, over a picture `[1, C, H, W]`.
  init(channels activations: Tensor, form: Form, over input: Tensor) {
    let shape = activations.shape
    self.form = form
    count = shape[1]
    plane = shape[2] * shape[3]
    maps = activations.withScalars { $0.map { Double($0) } }
    enlargement = MaskEnlargement(
      rows: shape[2], columns: shape[3], height: input.shape[2], width: input.shape[3])
  }

  /// A free mask of `cells` by `cells` values.
  init(cells: Int, over input: Tensor) {
    form = .free
    (count, plane, maps) = (cells * cells, cells * cells, [])
    enlargement = MaskEnlargement(
      rows: cells, columns: cells, height: input.shape[2], width: input.shape[3])
  }

  /// Side of the coarse mask: its rows and columns.
  var rows: Int { enlargement.rows }
  var columns: Int { enlargement.columns }

  /// Weights `[count]` that are all alike: parts of 1, of a free mask a half each.
  var even: [Double] {
    [Double](repeating: form == .free ? 0.5 : 1 / Double(count), count: count)
  }

  /// Channels that are the same everywhere, and so add nothing to a mask.
  var deadChannels: Int {
    form == .free
      ? 0
      : (0..<count).count { channel in
        let map = maps[channel * plane..<(channel + 1) * plane]
        return map.allSatisfy { $0 == map.first }
      }
  }

  /// The map of a channel, `[1, h, w]`.
  func map(ofChannel channel: Int) -> Tensor {
    Tensor(
      maps[channel * plane..<(channel + 1) * plane].map { Float($0) }, shape: [1, rows, columns])
  }

  /// The part of the variance of Σ wᵢAᵢ that each wᵢAᵢ accounts for, its covariance with the sum: they
  /// add up to 1. Zero where the sum does not vary, and for a free mask.
  func shares(_ weights: [Double]) -> [Double] {
    guard form != .free else { return [Double](repeating: 0, count: count) }
    let sum = combination(weights)
    let mean = sum.reduce(0, +) / Double(plane)
    let variance = sum.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    guard variance > 0 else { return [Double](repeating: 0, count: count) }
    return (0..<count).map { channel in
      let covariance = (0..<plane).reduce(0) {
        $0 + (sum[$1] - mean) * maps[channel * plane + $1]
      }
      return weights[channel] * covariance / variance
    }
  }

  /// Σ wᵢAᵢ, `[plane]`.
  private func combination(_ weights: [Double]) -> [Double] {
    var sum = [Double](repeating: 0, count: plane)
    maps.withUnsafeBufferPointer { maps in
      for channel in 0..<count where weights[channel] != 0 {
        for place in 0..<plane { sum[place] += weights[channel] * maps[channel * plane + place] }
      }
    }
    return sum
  }

  /// A mask that shows nothing.
  var empty: Mask {
    Mask(
      values: [Double](repeating: 0, count: enlargement.height * enlargement.width),
      cells: [Double](repeating: 0, count: rows * columns), shape: [1, rows, columns], scaling: nil)
  }

  /// The mask for weights `[count]`; nil where it would be the same everywhere.
  func mask(_ weights: [Double]) -> Mask? {
    let shape: Shape = [1, rows, columns]
    if form == .free {
      return Mask(values: enlargement(weights), cells: weights, shape: shape, scaling: nil)
    }
    let sum = combination(weights)
    if form == .enlargedThenScaled {
      return MaskScaling(enlargement(sum), by: .maximum).map {
        Mask(
          values: $0.values, cells: $0.values,
          shape: [1, enlargement.height, enlargement.width], scaling: $0)
      }
    }
    return MaskScaling(sum, by: .range).map {
      Mask(values: enlargement($0.values), cells: $0.values, shape: shape, scaling: $0)
    }
  }

  /// The gradient at the weights for one at the mask `[H · W]`.
  func pullback(_ gradient: [Double], at mask: Mask) -> [Double] {
    guard let scaling = mask.scaling else { return enlargement.adjoint(gradient) }
    let slopes =
      form == .enlargedThenScaled
      ? enlargement.adjoint(scaling.pullback(gradient))
      : scaling.pullback(enlargement.adjoint(gradient))
    return maps.withUnsafeBufferPointer { maps in
      (0..<count).map { channel in
        (0..<plane).reduce(0) { $0 + slopes[$1] * maps[channel * plane + $1] }
      }
    }
  }
}
