public import Networks
public import Tensors

/// How a network's input is made of pixels: input = scale · pixel + shift for each of its channels.
///
/// Distances are measured in pixels 0...1, never in what a network makes of them first. A network that
/// `Network.reading(_:)` prepared takes pixels as they are: `identity`.
public struct PixelSpace: Sendable, Hashable, Codable {
  /// One for each channel, or one for all; never 0.
  public let scale: [Float]
  /// As `scale`.
  public let shift: [Float]

  /// The input is pixels 0...1.
  public static let identity = PixelSpace(unchecked: [1], shift: [0])

  /// Throws unless scale and shift agree in number, are finite, and no scale is 0.
  public init(scale: [Float], shift: [Float]) throws(BoundaryError) {
    guard !scale.isEmpty, scale.count == shift.count else {
      throw .query("\(scale.count) scales and \(shift.count) shifts make no pixel space")
    }
    guard (scale + shift).allSatisfy(\.isFinite), !scale.contains(0) else {
      throw .query("scales \(scale) and shifts \(shift) must be finite, and no scale 0")
    }
    self.init(unchecked: scale, shift: shift)
  }

  /// The pixels that a network behind this arithmetic sees, in the order of its channels.
  public init(_ preprocessing: Preprocessing) {
    let count = max(preprocessing.mean.count, preprocessing.std.count)
    let mean = preprocessing.mean.map(Double.init)
    let std = preprocessing.std.map(Double.init)
    self.init(
      unchecked: (0..<count).map { Float(Double(preprocessing.scale) / std[$0 % std.count]) },
      shift: (0..<count).map { Float(-mean[$0 % mean.count] / std[$0 % std.count]) })
  }

  private init(unchecked scale: [Float], shift: [Float]) {
    self.scale = scale
    self.shift = shift
  }

  /// Whether inputs are pixels.
  public var isIdentity: Bool { scale.allSatisfy { $0 == 1 } && shift.allSatisfy { $0 == 0 } }

  /// `[N, C, …]` as the network reads it → pixels. Traps unless there is a scale for each channel, or
  /// one for all.
  public func pixels(of input: Tensor) -> Tensor {
    byChannel(input) { ($0 - shift[$1]) / scale[$1] }
  }

  /// Pixels `[N, C, …]` → what the network reads.
  public func input(of pixels: Tensor) -> Tensor {
    byChannel(pixels) { $0 * scale[$1] + shift[$1] }
  }

  /// A gradient at the network's input → the gradient at the pixels.
  func pullback(_ gradient: Tensor) -> Tensor { byChannel(gradient) { $0 * scale[$1] } }

  private func byChannel(_ tensor: Tensor, _ value: (Float, Int) -> Float) -> Tensor {
    if isIdentity { return tensor }
    let channels = tensor.shape[1]
    precondition(
      scale.count == 1 || scale.count == channels, "\(scale.count) scales for \(channels) channels")
    let plane = tensor.shape.item.count / max(channels, 1)
    return tensor.withScalars { source in
      Tensor(shape: tensor.shape) { target in
        for index in source.indices {
          let channel = scale.count == 1 ? 0 : index / plane % channels
          target.initializeElement(at: index, to: value(source[index], channel))
        }
      }
    }
  }
}
