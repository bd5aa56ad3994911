import Explanations
import Imaging

/// Draws a map's colours over the picture that it explains, pixel on pixel.
public struct OverlayRenderer: Sendable, Hashable, Codable {
  public var colorMap = ColorMapChoice.automatic
  /// How much of the picture the strongest value hides, 0...1.
  public var opacity: Float = 0.8
  /// The percentage of values that reach full colour at most, above 0 up to 100. What lies beyond
  /// looks the same, so that a few extreme pixels do not pale the rest.
  public var clip: Float = 99.5
  /// What full colour stands for.
  public var scale = MapScale.image
  public var backdrop = Backdrop.automatic
  /// How maps coarser than the network's input are enlarged.
  public var enlargement = MapEnlargement.smooth
  /// Whether lines are drawn at a quarter, a half and three quarters of full colour.
  public var contours = false
  /// What is shown, each once.
  public var styles = [DrawingStyle.overlay]

  public init() {}

  /// The map ready to be shown, on its own scale or the fixed one.
  ///
  /// A map coarser than the network's input is first enlarged to that (``MapEnlargement``); from
  /// there to the picture, straight lines suffice.
  ///
  /// Diverging colours tell signs apart. Sequential ones show the strength alone: of a map with
  /// signs, the magnitude. The scale is taken from the map at the coarser of its two sizes, the network's
  /// input and the picture, so it does not depend on how far a map is enlarged; what lies in a
  /// letterbox's margins has no part in it. A map that is zero, constant or not finite is drawn as
  /// one where nothing was found, and its normalization says which.
  public func draw(_ image: ExplainedImage) -> Drawing {
    let colorMap = colorMap.colorMap(for: image.map.sign)
    let range: MapNormalization.Range = colorMap.kind == .diverging ? .symmetric : .magnitude
    let (map, placement) = (image.map.image, image.placement)
    let isCoarse = map.size.area < placement.input.area
    let isFinite = map.withSamples { $0.allSatisfy(\.isFinite) }
    let strengths =
      image.map.sign != .magnitude && colorMap.kind == .sequential ? map.mapped(abs) : map
    let values = isCoarse ? enlargement.enlarged(strengths, to: placement.input) : strengths
    let projected: Image<Float>
    if isFinite && isCoarse && enlargement == .edges {
      projected = Self.edged(values, grid: map.size, over: image, range: range)
    } else {
      projected = placement.project(values)
    }

    let own =
      isFinite
      ? MapNormalization(
        fitting: fitted(values, projected: projected, by: placement), range: range, clip: clip)
      : .nonFinite(range: range, clip: clip)
    let normalization = own.status == .normal ? own.rescaled(by: scale) : own
    return Drawing(
      picture: image.picture, backdrop: backdrop.applied(to: image.picture, beneath: colorMap.kind),
      projected: projected, outlined: outlined(values, projected: projected, isCoarse, placement),
      colorMap: colorMap, sign: image.map.sign, opacity: opacity, normalization: normalization,
      ownScale: own.scale,
      scaleChoice: scale, grid: map.size, enlargement: isCoarse ? enlargement : nil,
      seen: placement.seen)
  }

  /// The map at the coarser of the input's and the picture's resolution.
  private func fitted(
    _ values: Image<Float>, projected: Image<Float>, by placement: Placement
  ) -> Image<Float> {
    let isAllPicture =
      placement.window.intersection(placement.scaled.bounds) == placement.window
    return isAllPicture && values.size.area < placement.picture.area ? values : projected
  }

  /// What lines are drawn around: a coarse map itself, and a fine one after blurring, since its single
  /// pixels have no outline.
  private func outlined(
    _ values: Image<Float>, projected: Image<Float>, _ isCoarse: Bool, _ placement: Placement
  ) -> Drawing.Outlined? {
    guard contours else { return nil }
    if isCoarse { return .map }
    let radius = Float(min(values.width, values.height)) / 32
    return .blurred(placement.project(values.blurred(radius: radius)), radius: radius)
  }

  /// The map drawn towards the picture's edges. A window spans a cell on either side, so that an edge
  /// can be found wherever within its cell it lies.
  private static func edged(
    _ values: Image<Float>, grid: PixelSize, over image: ExplainedImage,
    range: MapNormalization.Range
  ) -> Image<Float> {
    let placement = image.placement
    let brightness = image.picture.opaque(.flatten).luminance.fractions
    let cell = max(
      (values.width + grid.width - 1) / grid.width, (values.height + grid.height - 1) / grid.height)
    let filter = GuidedFilter(
      fitting: values, to: placement.input(from: brightness), radius: max(cell / 2, 2))
    let slope = placement.project(filter.slope)
    let offset = placement.project(filter.offset)
    let result = slope.combined(with: brightness) { $0 * $1 }.combined(with: offset) { $0 + $1 }
    // Where the picture is extreme, the line may run below zero.
    return range == .magnitude ? result.mapped { $0 < 0 ? 0 : $0 } : result
  }
}

extension Image where S == Float {
  func mapped(_ transform: (Float) -> Float) -> Image {
    Image(size: size, layout: layout) { target in
      withSamples { samples in
        for (index, value) in samples.enumerated() {
          target.initializeElement(at: index, to: transform(value))
        }
      }
    }
  }
}

extension Image<UInt8> {
  /// Code values as 0...1.
  fileprivate var fractions: Image<Float> {
    Image<Float>(size: size, layout: layout) { target in
      withSamples { samples in
        for (index, value) in samples.enumerated() {
          target.initializeElement(at: index, to: Float(value) / 255)
        }
      }
    }
  }
}
