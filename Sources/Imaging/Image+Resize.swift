extension Image {
  /// The picture at another size, antialiased where it shrinks.
  ///
  /// Bytes go through the arithmetic of Pillow's `resize`, as networks' training pictures did:
  /// weights of 22 fractional bits along rows, rounding to 8 bits, the same along columns. Results
  /// are equal to the bit, or 1 apart where a recent Pillow takes the columns of a tall picture
  /// first. Other samples are summed in `Float`, and a result that draws on a NaN is NaN.
  /// Channels are treated alike and alpha is not multiplied in: flatten a transparent picture
  /// first, or colours hidden under transparent pixels bleed out.
  public func resized(to size: PixelSize, filter: ResizeFilter = .bilinear) -> Image {
    resized(to: size, from: self.size.bounds, filter: filter)
  }

  /// The part `box` of the picture at another size.
  ///
  /// Pixels around the box keep their weight in those at its edge, as with Pillow's `box`. Traps
  /// unless the box lies within the picture.
  public func resized(
    to size: PixelSize, from box: PixelRect, filter: ResizeFilter = .bilinear
  ) -> Image {
    precondition(
      box.intersection(self.size.bounds) == box, "\(box) reaches out of a \(self.size) picture")
    if box.size == size { return cropped(to: box) }
    return resampled(
      horizontally: FilterAxis(
        resampling: width, at: 0..<size.width, origin: Double(box.x),
        scale: Double(box.width) / Double(size.width), filter: filter),
      vertically: FilterAxis(
        resampling: height, at: 0..<size.height, origin: Double(box.y),
        scale: Double(box.height) / Double(size.height), filter: filter))
  }

  /// The part `window` of the picture as it is after being resized to `size`.
  ///
  /// Equal to resizing and then cropping, but costs no more than the window, however large `size`
  /// is. Traps unless the window lies within `size`.
  public func resized(
    to size: PixelSize, keeping window: PixelRect, filter: ResizeFilter = .bilinear
  ) -> Image {
    precondition(window.intersection(size.bounds) == window, "\(window) reaches out of \(size)")
    if size == self.size { return cropped(to: window) }
    return resampled(
      horizontally: FilterAxis(
        resampling: width, at: window.x..<window.maxX, origin: 0,
        scale: Double(width) / Double(size.width), filter: filter),
      vertically: FilterAxis(
        resampling: height, at: window.y..<window.maxY, origin: 0,
        scale: Double(height) / Double(size.height), filter: filter))
  }

  /// Filters bytes in fixed point, everything else in `Float`.
  @specialized(where S == Float)
  func resampled(horizontally horizontal: FilterAxis, vertically vertical: FilterAxis) -> Image {
    if let bytes = self as? Image<UInt8>,
      let result = bytes.filtered(
        horizontally: horizontal, FixedPointPass.self, vertically: vertical, FixedPointPass.self)
        as? Image
    {
      return result
    }
    return filtered(
      horizontally: horizontal, FloatPass<S, Float>.self,
      vertically: vertical, FloatPass<Float, S>.self)
  }
}
