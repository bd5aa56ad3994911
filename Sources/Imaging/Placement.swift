/// Where a network's input lies in a picture: the picture is scaled as a whole, and the input is a
/// window of that. The way there for pixels, the way back for maps.
///
/// The window may reach out of the scaled picture (a letterboxed input does) or leave parts of it
/// unseen (a centre crop does).
public struct Placement: Sendable, Hashable, Codable {
  /// The upright picture's size.
  public let picture: PixelSize
  /// The size the whole picture is scaled to.
  public let scaled: PixelSize
  /// The input's place in the scaled picture, in pixels of the input.
  public let window: PixelRect

  /// Traps unless the window meets the scaled picture.
  public init(picture: PixelSize, scaled: PixelSize, window: PixelRect) {
    precondition(
      window.intersection(scaled.bounds) != nil, "\(window) does not meet a \(scaled) picture")
    self.picture = picture
    self.scaled = scaled
    self.window = window
  }

  /// Throws unless the window meets the scaled picture.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    picture = try container.decode(PixelSize.self, forKey: .picture)
    scaled = try container.decode(PixelSize.self, forKey: .scaled)
    window = try container.decode(PixelRect.self, forKey: .window)
    guard window.intersection(scaled.bounds) != nil else {
      throw DecodingError.dataCorruptedError(
        forKey: .window, in: container,
        debugDescription: "expected a window that meets \(scaled), found \(window)")
    }
  }

  /// The input's size.
  public var input: PixelSize { window.size }

  /// The picture's pixels whose centres lie within the input.
  ///
  /// Never empty: an input that falls between two centres sees the pixel around its own centre.
  public var seen: PixelRect {
    func range(_ start: Int, _ end: Int, _ side: Int, _ scaledSide: Int) -> Range<Int> {
      func firstCenter(from edge: Double) -> Int {
        Int(min(max((edge - 0.5).rounded(.up), 0), Double(side)))
      }
      // Multiplied before divided: edges on whole pixels stay exact.
      let start = Double(start) * Double(side) / Double(scaledSide)
      let end = Double(end) * Double(side) / Double(scaledSide)
      let (first, last) = (firstCenter(from: start), firstCenter(from: end))
      if first < last { return first..<last }
      let middle = Int(min(max((start + end) / 2, 0), Double(side - 1)))
      return middle..<middle + 1
    }
    let columns = range(window.x, window.maxX, picture.width, scaled.width)
    let rows = range(window.y, window.maxY, picture.height, scaled.height)
    return PixelRect(
      x: columns.lowerBound, y: rows.lowerBound, width: columns.count, height: rows.count)
  }
}

// MARK: - Pixels: picture to input

extension Placement {
  /// The input that the network sees, equal to Pillow's `resize` and `crop`.
  ///
  /// What lies beyond the picture is `fill`, given by one value per channel, and mid-gray unless
  /// given: it speaks for no class more than black or white would. Only the part within the window
  /// is computed. Traps unless the picture has the size that it was placed for.
  public func input<S>(
    from picture: Image<S>, filter: ResizeFilter = .bilinear, filling fill: [S]? = nil
  ) -> Image<S> {
    precondition(picture.size == self.picture, "placed for \(self.picture), got \(picture.size)")
    guard let visible = window.intersection(scaled.bounds) else {
      preconditionFailure("\(window) does not meet a \(scaled) picture")
    }
    let part = picture.resized(to: scaled, keeping: visible, filter: filter)
    return part.cropped(
      to: PixelRect(
        x: window.x - visible.x, y: window.y - visible.y, width: window.width,
        height: window.height),
      filling: fill ?? [S](repeating: S(nearest: S.fullScale / 2), count: picture.channels))
  }
}

// MARK: - Maps and places: input to picture

extension Placement {
  /// A map over the input, of any resolution, laid on the picture: its size, NaN where the network
  /// saw nothing.
  ///
  /// Values are interpolated bilinearly between the centres of the map's cells and continued to the
  /// input's edge; a map finer than the picture is averaged.
  public func project(_ map: Image<Float>) -> Image<Float> {
    let seen = seen
    func axis(
      _ cells: Int, over side: Int, from start: Int, at places: Range<Int>, scale: Double
    ) -> FilterAxis {
      let cellsPerPixel = Double(cells) / Double(side)
      return FilterAxis(
        resampling: cells, at: places, origin: -Double(start) * cellsPerPixel,
        scale: scale * cellsPerPixel, filter: .bilinear)
    }
    let part = map.resampled(
      horizontally: axis(
        map.width, over: window.width, from: window.x, at: seen.x..<seen.maxX,
        scale: Double(scaled.width) / Double(picture.width)),
      vertically: axis(
        map.height, over: window.height, from: window.y, at: seen.y..<seen.maxY,
        scale: Double(scaled.height) / Double(picture.height)))
    if seen == picture.bounds { return part }
    return part.cropped(
      to: PixelRect(x: -seen.x, y: -seen.y, width: picture.width, height: picture.height),
      filling: [Float](repeating: .nan, count: map.channels))
  }

  /// The place in the picture of a place in the input.
  public func picturePoint(_ point: PixelPoint) -> PixelPoint {
    PixelPoint(
      x: (point.x + Double(window.x)) * Double(picture.width) / Double(scaled.width),
      y: (point.y + Double(window.y)) * Double(picture.height) / Double(scaled.height))
  }

  /// The place in the input of a place in the picture.
  public func inputPoint(_ point: PixelPoint) -> PixelPoint {
    PixelPoint(
      x: point.x * Double(scaled.width) / Double(picture.width) - Double(window.x),
      y: point.y * Double(scaled.height) / Double(picture.height) - Double(window.y))
  }

  /// The smallest rectangle of picture pixels around a rectangle of the input, or nil where that
  /// shows nothing of the picture.
  public func pictureRect(around rect: PixelRect) -> PixelRect? {
    let start = picturePoint(PixelPoint(x: Double(rect.x), y: Double(rect.y)))
    let end = picturePoint(PixelPoint(x: Double(rect.maxX), y: Double(rect.maxY)))
    let (x, y) = (Int(start.x.rounded(.down)), Int(start.y.rounded(.down)))
    let (maxX, maxY) = (Int(end.x.rounded(.up)), Int(end.y.rounded(.up)))
    return PixelRect(x: x, y: y, width: maxX - x, height: maxY - y).intersection(picture.bounds)
  }
}
