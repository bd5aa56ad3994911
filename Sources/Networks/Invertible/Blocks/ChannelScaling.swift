public import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// One factor and one shift for each channel: an invertible normalisation, or the scaling of pixels.
///
/// y = scale · x + shift. What is trained starts from the statistics of a first batch
/// (`InvertibleNetwork.normalized(by:)`) and follows gradients from there, so that training and inference
/// compute the same and the inverse needs no statistics. log |det| is H · W · Σ log |scale|.
///
/// Kingma, Dhariwal: Glow, 2018 (arXiv:1807.03039), section 3.1.
public struct ChannelScaling: InvertibleBlock {
  public static let kind = "channel-scaling"
  /// Magnitudes of factors outside lose too many digits on the way back.
  public static let range: ClosedRange<Float> = 1e-4...1e4

  public let name: String
  /// `[C]`, by output channels.
  public let scale: Tensor
  /// `[C]`, by output channels.
  public let shift: Tensor
  /// The input channel behind each output channel.
  public let order: [Int]
  /// Whether training changes factors and shifts.
  public let isTrained: Bool
  private let layer: any Layer
  private let inverse: any Layer

  /// A scaling that stays as it is.
  ///
  /// Throws unless there are as many factors as shifts, and each factor can be taken back.
  public init(_ name: String, scale: Tensor, shift: Tensor) throws(LayerError) {
    try self.init(name, scale: scale, shift: shift, order: Array(0..<scale.count))
  }

  /// As preprocessing may have it, with channels in another order; files have another layer for that.
  private init(
    _ name: String, scale: Tensor, shift: Tensor, order: [Int]
  ) throws(LayerError) {
    guard order.sorted() == Array(0..<scale.count) else {
      throw LayerError("the order \(order) does not take each channel once")
    }
    try Self.check(scale)
    layer = try ScaleChannels(scale: scale, shift: shift, order: order)
    let back = order.indices.sorted { order[$0] < order[$1] }
    let factors = back.map { 1 / Double(scale[$0]) }
    inverse = try ScaleChannels(
      scale: Tensor(factors.map { Float($0) }, shape: scale.shape),
      shift: Tensor(
        Swift.zip(back, factors).map { Float(-Double(shift[$0]) * $1) }, shape: scale.shape),
      order: back)
    (self.name, self.scale, self.shift, self.order) = (name, scale, shift, order)
    isTrained = false
  }

  /// A normalisation that is to be trained, as nothing yet.
  public init(_ name: String, channels: Int) throws(LayerError) {
    let zeros = Tensor(zeros: [channels])
    try self.init(name, ChannelNormalization(logScale: zeros, shift: zeros))
  }

  private init(_ name: String, _ layer: ChannelNormalization) throws(LayerError) {
    self.name = name
    (scale, shift) = layer.folded
    try Self.check(scale)
    order = Array(0..<scale.count)
    isTrained = true
    self.layer = layer
    inverse = try layer.inverted
  }

  private static func check(_ scale: Tensor) throws(LayerError) {
    for (channel, factor) in scale.scalars.enumerated() where !range.contains(factor.magnitude) {
      throw LayerError(
        "the factor of channel \(channel) is \(factor), which cannot be taken back; magnitudes from "
          + "\(range.lowerBound) to \(range.upperBound) are accepted")
    }
  }

  /// The same with other factors and shifts, trained as before; factors are above 0.
  func starting(scale: [Double], shift: [Double]) throws(LayerError) -> ChannelScaling {
    try ChannelScaling(
      name,
      ChannelNormalization(
        logScale: Tensor(scale.map { Float(log($0)) }, shape: self.scale.shape),
        shift: Tensor(shift.map { Float($0) }, shape: self.scale.shape)))
  }

  /// The same, starting so that what it makes of maps `[N, C, H, W]` has mean 0 and deviation 1 in every
  /// channel. Deviations below a hundredth count as that.
  func standardizing(_ maps: Tensor) throws(LayerError) -> ChannelScaling {
    let (count, channels) = (maps.batch, scale.count)
    let positions = maps.count / max(count * channels, 1)
    let scalars = maps.scalars
    var (scales, shifts): ([Double], [Double]) = ([], [])
    for channel in 0..<channels {
      var (sum, squares) = (0.0, 0.0)
      for item in 0..<count {
        let start = (item * channels + channel) * positions
        for value in scalars[start..<start + positions] {
          sum += Double(value)
          squares += Double(value) * Double(value)
        }
      }
      let size = Double(max(count * positions, 1))
      let mean = sum / size
      // Of a channel that never changes, rounding leaves a little less than 0.
      let deviation = max(squares / size - mean * mean, 1e-4).squareRoot()
      scales.append(1 / deviation)
      shifts.append(-mean / deviation)
    }
    return try starting(scale: scales, shift: shifts)
  }

  public func outputShape(for input: Shape) throws(LayerError) -> Shape {
    guard input.rank == 3, input[0] == scale.count else {
      throw LayerError("\(scale.count) factors do not fit the channels of \(input)")
    }
    return input
  }

  public func addForward(to draft: inout GraphDraft, input: Shape) throws(LayerError) {
    draft.add(name, layer)
  }

  /// A trained layer keeps its name, and with it its parameters.
  public func addInverse(to draft: inout GraphDraft, input: Shape) throws(LayerError) {
    draft.add(isTrained ? name : "\(name).inverse", inverse)
  }

  public func logDeterminant(for input: Shape) -> LogDeterminant {
    let sum = scale.scalars.reduce(0) { $0 + log(Double($1.magnitude)) }
    return LogDeterminant(constant: Double(input[1] * input[2]) * sum)
  }

  public var record: InvertibleStructure.Block { .init(Self.kind, name) }

  public init(
    _ record: InvertibleStructure.Block, of layers: InvertibleStructure.Layers
  ) throws(NetworkError) {
    let name = LayerName(record.name)
    let trained = layers[name] as? ChannelNormalization
    let fixed = trained == nil ? try layers.layer(name, as: ScaleChannels.self) : nil
    do throws(LayerError) {
      if let trained {
        try self.init(record.name, trained)
      } else if let fixed {
        try self.init(record.name, scale: fixed.scale, shift: fixed.shift, order: fixed.order)
      } else {
        throw LayerError("has no layer")
      }
    } catch {
      throw .layer(name, kind: Self.kind, reason: error.reason)
    }
  }
}
