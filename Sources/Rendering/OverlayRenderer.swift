import Explanations
public import Imaging

/// Draws a map's colours over the picture that it explains, pixel on pixel.
public struct OverlayRenderer: Sendable, Hashable, Codable {
  public var colorMap = ColorMapChoice.automatic
  /// How much of the picture the strongest value hides, 0...1.
  public var opacity: Float = 0.8
  /// The percentage of values that reach full colour at most, above 0 up to 100. What lies beyond
  /// looks the same, so that a few extreme pixels do not pale the rest.
  public var clip: Float = 99.5
  public var backdrop = Backdrop.automatic

  public init() {}

  /// What a drawing shows, so that its colours can be read back as numbers.
  public struct Drawing: Sendable {
    /// Of the picture's size. A map that is zero everywhere leaves the picture bare, with a line that
    /// says so.
    public let overlay: Bitmap
    public let colorMap: ColorMap
    public let normalization: MapNormalization
  }

  /// The picture with the map's colours on it.
  ///
  /// A map coarser than the network's input is enlarged to it by smooth curves (bicubic), so that the
  /// layer's grid does not show; from there to the picture, straight lines suffice.
  ///
  /// Diverging colours tell signs apart. Sequential ones show the strength alone: of a signed map,
  /// the magnitude. The scale is taken from the map at the coarser of its two sizes, the network's
  /// input and the picture, so it does not depend on how far a map is enlarged; what lies in a
  /// letterbox's margins has no part in it.
  public func draw(_ image: ExplainedImage) -> Drawing {
    let colorMap = colorMap.colorMap(for: image.map.sign)
    let (map, placement) = (image.map.image, image.placement)
    let strengths =
      image.map.sign == .signed && colorMap.kind == .sequential ? map.mapped(abs) : map
    let values =
      map.size.area < placement.input.area
      ? strengths.resized(to: placement.input, filter: .bicubic) : strengths
    let projected = placement.project(values)
    let isAllPicture =
      placement.window.intersection(placement.scaled.bounds) == placement.window
    let fitted =
      isAllPicture && values.size.area < placement.picture.area ? values : projected
    let normalization = MapNormalization(
      fitting: fitted,
      range: colorMap.kind == .diverging ? .symmetric : .magnitude,
      clip: clip
    )
    let overlay = Overlay(colorMap: colorMap, opacity: opacity)
      .drawn(
        projected, normalizedBy: normalization,
        over: backdrop.applied(to: image.picture, beneath: colorMap.kind))
    return Drawing(overlay: overlay, colorMap: colorMap, normalization: normalization)
  }
}

extension Image where S == Float {
  fileprivate func mapped(_ transform: (Float) -> Float) -> Image {
    withSamples { samples in
      Image(size: size, layout: layout, samples: samples.map(transform))
    }
  }
}
