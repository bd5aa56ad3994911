import Explanations
public import Imaging

/// A map that has been brought to its picture and to a scale, ready to be shown in any style.
public struct Drawing: Sendable {
  let picture: Bitmap
  /// The picture as it lies beneath the colours.
  let backdrop: Bitmap
  /// Raw values in the picture's size, NaN where the network saw nothing.
  let projected: Image<Float>
  let outlined: Outlined?
  public let colorMap: ColorMap
  /// What the map's values mean.
  let sign: AttributionMap.Sign
  let opacity: Float
  public private(set) var normalization: MapNormalization
  /// The scale that the map would have by itself.
  public let ownScale: Float
  let scaleChoice: MapScale
  /// The cells that the method's own map has.
  public let grid: PixelSize
  /// How the map was enlarged; nil where it is as fine as the network's input.
  public let enlargement: MapEnlargement?
  /// The part of the picture that the network saw.
  let seen: PixelRect

  /// What contours are drawn around.
  enum Outlined: Sendable {
    /// The map as it is shown.
    case map
    /// The map after blurring, in the picture's size, by a radius in pixels of the input.
    case blurred(Image<Float>, radius: Float)
  }

  /// What an overlay and a map say beneath in any case; nil for nothing.
  public var caption: String?

  /// The same map on a scale that it shares with others; only where something was found.
  public func rescaled(to scale: Float) -> Drawing {
    guard normalization.status == .normal, scale > 0 else { return self }
    var drawing = self
    drawing.normalization = normalization.rescaled(to: scale)
    return drawing
  }

  /// The picture with the map's colours on it, of the picture's size. Drawn anew for each call.
  public var overlay: Bitmap {
    let overlay = Overlay(colorMap: colorMap, opacity: opacity)
    return captioned(outlined(overlay.blended(map: values, over: backdrop)))
  }

  /// The map's colours alone, of the picture's size. Drawn anew for each call.
  public var map: Bitmap {
    let overlay = Overlay(colorMap: colorMap, opacity: opacity)
    return captioned(outlined(overlay.alone(map: values)))
  }

  /// Normalised; where nothing was found zero, but for what was not seen.
  private var values: Image<Float> {
    if normalization.status == .normal { return normalization.normalized(projected) }
    return Image(size: projected.size, layout: .gray, filledWith: [.nan])
      .cleared(within: seen)
  }

  private func outlined(_ drawn: Bitmap) -> Bitmap {
    guard let outlined, normalization.status == .normal else { return drawn }
    var result = drawn
    let contours = Contours(colorMap: colorMap)
    switch outlined {
    case .map: contours.draw(values, on: &result)
    case .blurred(let map, _):
      // Blurring evens out: its lines have a scale of their own.
      let own = MapNormalization(fitting: map, range: normalization.range)
      if own.status == .normal { contours.draw(own.normalized(map), on: &result) }
    }
    return result
  }

  /// What must not be missed even where the picture is shown without its legend.
  private func captioned(_ drawn: Bitmap) -> Bitmap {
    switch normalization.status {
    case .nothingFound: drawn.captioned(caption ?? "nothing found")
    case .constant: drawn.captioned("nothing found: the map is constant")
    case .nonFinite: drawn.captioned("nothing found: the map is not finite")
    case .normal:
      if let caption {
        drawn.captioned(caption)
      } else {
        enlargement == .edges ? drawn.captioned("edges are the picture's") : drawn
      }
    }
  }

  // MARK: - In words

  /// What a reader has to know about the drawing, a sentence each.
  var remarks: [String] {
    var remarks: [String] = []
    switch enlargement {
    case nil: break
    case .smooth: remarks.append("Grid of \(gridText), drawn smoothly.")
    case .cells: remarks.append("Grid of \(gridText).")
    case .edges:
      remarks.append("Grid of \(gridText); its edges are taken from the picture, not from the map.")
    }
    switch (normalization.status, scaleChoice) {
    case (.nothingFound, _): remarks.append("Nothing found: the map is zero everywhere.")
    case (.constant, _): remarks.append("Nothing found: the map is the same everywhere.")
    case (.nonFinite, _): remarks.append("Nothing found: the map is not finite.")
    case (.normal, .image):
      let share = "\(normalization.clip)"
      let percent = share.hasSuffix(".0") ? String(share.dropLast(2)) : share
      remarks.append("Full colour: beyond \(percent) % of this map's values.")
    case (.normal, .fixed): remarks.append("Full colour is the same for all pictures.")
    case (.normal, .folder):
      remarks.append("Full colour: the strongest in any of the folder's pictures.")
    }
    if let outlined, normalization.status == .normal {
      let levels = "a quarter, a half and three quarters"
      switch outlined {
      case .map: remarks.append("Lines at \(levels) of full colour.")
      case .blurred(_, let radius):
        let pixels = decimal(Double(radius), places: 0)
        remarks.append("Lines at \(levels) of the strongest, after a blur of \(pixels) pixels.")
      }
    }
    if seen != picture.size.bounds { remarks.append("Hatched: not seen by the network.") }
    return remarks
  }

  private var gridText: String { "\(grid.width) × \(grid.height)" }
}

extension Image where S == Float {
  /// Zero within a rectangle of the picture.
  fileprivate func cleared(within rect: PixelRect) -> Image {
    var result = self
    result.paste(Image(size: rect.size, layout: layout, filledWith: [0]), x: rect.x, y: rect.y)
    return result
  }
}
