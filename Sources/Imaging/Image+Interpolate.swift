extension Image {
  /// The values between positions, drawn as straight lines: bilinear interpolation with half-pixel
  /// centres and continued edges, as frameworks enlarge maps (`align_corners` off).
  ///
  /// Meant for enlarging. It looks at four values only, so shrinking skips some;
  /// ``resized(to:filter:)`` does not.
  public func interpolated(to size: PixelSize) -> Image {
    if size == self.size { return self }
    return resampled(
      horizontally: FilterAxis(
        resampling: width, at: 0..<size.width, origin: 0,
        scale: Double(width) / Double(size.width), filter: .bilinear, antialiased: false),
      vertically: FilterAxis(
        resampling: height, at: 0..<size.height, origin: 0,
        scale: Double(height) / Double(size.height), filter: .bilinear, antialiased: false))
  }
}
