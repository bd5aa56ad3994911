public import Imaging

/// What becomes of the picture beneath a map's colours.
public enum Backdrop: String, Sendable, Hashable, Codable, CaseIterable {
  /// `gray` beneath the fine red and blue of signed maps, which a photograph's own colours would drown;
  /// `color` beneath the rest.
  case automatic = "auto"
  /// The picture as it is.
  case color
  /// The picture in light grays, of less contrast.
  case gray

  /// The picture as it is to lie beneath a map, `rgb` or `gray`.
  public func applied(to picture: Bitmap, beneath kind: ColorMap.Kind) -> Bitmap {
    guard self == .gray || (self == .automatic && kind == .diverging) else { return picture }
    let gray = picture.opaque(.flatten).luminance
    return gray.withSamples { samples in
      // Grays 150...255: dark enough to know the picture by, light enough for any colour to show.
      Bitmap(
        size: gray.size, layout: .gray, samples: samples.map { UInt8(150 + Int($0) * 105 / 255) })
    }
  }
}
