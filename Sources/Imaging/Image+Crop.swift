extension Image {
  /// A part of the picture. What the rectangle covers beyond the picture's edge is filled with one
  /// colour, given by one value per channel.
  public func cropped(to rect: PixelRect, filling fill: [S]) -> Image {
    precondition(fill.count == channels, "a \(layout) pixel has \(channels) samples")
    if rect == size.bounds { return self }
    var result = Image(size: rect.size, layout: layout, filledWith: fill)
    guard let seen = rect.intersection(size.bounds) else { return result }
    let (channels, width) = (channels, width)
    withSamples { source in
      result.withMutableSamples { target in
        for y in seen.y..<seen.maxY {
          let from = (y * width + seen.x) * channels
          let to = ((y - rect.y) * rect.width + seen.x - rect.x) * channels
          for offset in 0..<seen.width * channels { target[to + offset] = source[from + offset] }
        }
      }
    }
    return result
  }
}
