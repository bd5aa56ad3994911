public import Imaging
public import Tensors

/// How much each position of the input speaks for the fact, before any colour.
public struct AttributionMap: Sendable, Equatable {
  /// What the sign of a value means.
  public enum Sign: String, Sendable, Codable {
    /// Positive speaks for the fact, negative against it.
    case signed
    /// Zero or more: strength without direction.
    case magnitude
    /// A change of the input, in its units: positive is brighter, negative darker.
    case change
  }

  /// `[C, h, w]` at the method's own resolution, covering the whole input. C is the input's channel
  /// count, or 1 where a method does not tell channels apart.
  public let values: Tensor
  public let sign: Sign

  /// Traps unless the values are `[C, h, w]`.
  public init(_ values: Tensor, sign: Sign) {
    precondition(values.shape.rank == 3, "a map is [C, h, w], got \(values.shape)")
    self.values = values
    self.sign = sign
  }

  /// One value per position: the sum over channels, so that totals are kept.
  public var image: Image<Float> {
    let (channels, height, width) = (values.shape[0], values.shape[1], values.shape[2])
    let plane = height * width
    return values.withScalars { scalars in
      Image(
        size: PixelSize(width: width, height: height), layout: .gray,
        samples: (0..<plane).map { position in
          (0..<channels).reduce(0) { $0 + scalars[$1 * plane + position] }
        })
    }
  }
}
