extension Image {
  /// The part of the picture within a rectangle. Traps where that reaches outside.
  public func cropped(to rect: PixelRect) -> Image {
    precondition(rect.intersection(size.bounds) == rect, "\(rect) reaches out of a \(size) picture")
    if rect == size.bounds { return self }
    let length = rect.width * channels
    return Image(size: rect.size, layout: layout) { target in
      withSamples { source in
        for row in 0..<rect.height {
          let from = ((rect.y + row) * width + rect.x) * channels
          _ = UnsafeMutableBufferPointer(rebasing: target[(row * length)...])
            .initialize(fromContentsOf: source[from..<from + length])
        }
      }
    }
  }

  /// The part of the picture within a rectangle that may reach outside, where it is filled with one
  /// colour, given by one value per channel. A rectangle around the picture letterboxes it.
  public func cropped(to rect: PixelRect, filling fill: [S]) -> Image {
    if rect.intersection(size.bounds) == rect { return cropped(to: rect) }
    var result = Image(size: rect.size, layout: layout, filledWith: fill)
    result.paste(self, x: -rect.x, y: -rect.y)
    return result
  }

  /// Lays another picture over this one, its top left corner at (`x`, `y`), and cuts off what
  /// reaches outside. Alpha is copied, not blended. Traps unless both have the same layout.
  public mutating func paste(_ picture: Image, x: Int, y: Int) {
    precondition(picture.layout == layout, "a \(picture.layout) picture on a \(layout) one")
    let place = PixelRect(x: x, y: y, width: picture.width, height: picture.height)
    guard let inside = place.intersection(size.bounds) else { return }
    let (width, channels) = (width, channels)
    let length = inside.width * channels
    withMutableSamples { target in
      picture.withSamples { source in
        for row in inside.y..<inside.maxY {
          let from = ((row - y) * picture.width + inside.x - x) * channels
          let to = (row * width + inside.x) * channels
          _ = UnsafeMutableBufferPointer(rebasing: target[to..<to + length])
            .update(fromContentsOf: source[from..<from + length])
        }
      }
    }
  }
}
