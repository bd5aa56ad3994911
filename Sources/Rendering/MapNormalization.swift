public import Imaging

/// The scale between a map's raw values and the range that colours are picked from.
///
/// A signed map is divided by one number for both signs, so zero stays zero and equal strengths
/// look equally strong; a magnitude map is taken from 0. The number is kept as `scale`: what was
/// normalised can be told in raw units again. NaN means a pixel the network never saw; it has no
/// part in the scale and stays NaN.
public struct MapNormalization: Sendable, Hashable, Codable {
  /// The range that values are brought to.
  public enum Range: String, Sendable, Codable, CaseIterable {
    /// −1...1 with zero in the middle, for maps whose sign means something.
    case symmetric
    /// 0...1; negative values become 0.
    case magnitude
  }

  /// What kind of map the scale was taken from.
  public enum Status: String, Sendable, Codable, CaseIterable {
    /// Some finite value differs from zero, and none is infinite.
    case normal
    /// Every value that was seen is zero (or, for magnitudes, not above it).
    case nothingFound
    /// The same value everywhere, as far as `Float` can tell: no place differs from another.
    case constant
    /// The map has infinite values, or no finite one at all.
    case nonFinite
  }

  /// The range that values are brought to.
  public let range: Range
  /// The percentage of finite values that reach the ends of the range at most, above 0 up to 100.
  public let clip: Float
  /// The raw value that becomes 0, and whatever lies below it for magnitudes; 0 unless the scale is a
  /// fixed one.
  public let floor: Float
  /// The raw value that becomes 1; 0 unless the status is `.normal` or some finite value differs
  /// from zero.
  public let scale: Float
  /// What kind of map the scale was taken from.
  public let status: Status

  /// Takes the scale from the strengths of a map of one channel.
  ///
  /// The scale is the `clip` percentile (nearest rank) of the finite strengths: |v|, or max(v, 0)
  /// for magnitudes. Where that is zero because the map is sparse, it is their maximum. Traps for
  /// another layout than gray and a `clip` outside 0...100.
  public init(fitting map: Image<Float>, range: Range, clip: Float = 99.5) {
    precondition(map.layout == .gray, "a map has one channel, got \(map.layout)")
    precondition(clip > 0 && clip <= 100, "clip is a percentage above 0 up to 100, got \(clip)")
    var strengths: [Float] = []
    strengths.reserveCapacity(map.size.area)
    var hasInfinity = false
    var (lowest, highest) = (Float.infinity, -Float.infinity)
    map.withSamples { values in
      for value in values where !value.isNaN {
        guard value.isFinite else {
          hasInfinity = true
          continue
        }
        lowest = min(lowest, value)
        highest = max(highest, value)
        strengths.append(range == .symmetric ? abs(value) : max(value, 0))
      }
    }
    strengths.sort()
    let rank = Int((Double(strengths.count) * Double(clip) / 100).rounded(.up))
    let percentile = strengths.isEmpty ? 0 : strengths[min(max(rank, 1), strengths.count) - 1]
    let maximum = strengths.last ?? 0

    self.range = range
    self.clip = clip
    floor = 0
    scale = percentile > 0 ? percentile : maximum
    if hasInfinity || strengths.isEmpty {
      status = .nonFinite
    } else if maximum == 0 {
      status = .nothingFound
    } else {
      // A few roundings of a Float apart is as good as equal.
      let isConstant = highest - lowest <= max(abs(lowest), abs(highest)) * 1e-6
      status = isConstant ? .constant : .normal
    }
  }

  private init(
    range: Range, clip: Float, floor: Float, scale: Float, status: Status
  ) {
    self.range = range
    self.clip = clip
    self.floor = floor
    self.scale = scale
    self.status = status
  }

  /// What a map is like that no scale can be taken from, since it is not finite.
  static func nonFinite(range: Range, clip: Float) -> MapNormalization {
    MapNormalization(range: range, clip: clip, floor: 0, scale: 0, status: .nonFinite)
  }

  /// The same map drawn on a scale that was not taken from it.
  public func rescaled(to scale: Float, from floor: Float = 0) -> MapNormalization {
    precondition(scale > floor && floor >= 0, "a scale goes up from zero or more")
    return MapNormalization(
      range: range, clip: clip, floor: range == .symmetric ? 0 : floor, scale: scale,
      status: status)
  }

  /// The scale that was chosen for all pictures, where one was.
  func rescaled(by choice: MapScale) -> MapNormalization {
    guard case .fixed(let low, let high) = choice else { return self }
    return range == .symmetric
      ? rescaled(to: max(abs(low), abs(high))) : rescaled(to: high, from: max(low, 0))
  }

  /// The map on this scale, in −1...1 or 0...1; NaN stays NaN, infinities take the ends.
  public func normalized(_ map: Image<Float>) -> Image<Float> {
    let low: Float = range == .symmetric ? -1 : 0
    return Image(
      size: map.size,
      layout: map.layout,
      unsafeUninitializedSamples: { buffer in
        map.withSamples { values in
          for (index, value) in values.enumerated() {
            let ratio =
              scale > 0 ? (value - floor) / (scale - floor) : value.isInfinite ? value : value * 0
            buffer.initializeElement(
              at: index,
              to: ratio.isNaN ? ratio : min(max(ratio, low), 1)
            )
          }
        }
      }
    )
  }
}
