extension Image {
  /// The picture under a Gaussian of deviation `radius` pixels, cut off at four deviations.
  ///
  /// Beyond its edges the picture is mirrored, the edge pixel included, so a blurred picture keeps
  /// its mean. Sums are taken in `Float` and rounded once. A radius of 0 changes nothing; traps
  /// when it is negative or not finite. Cost per pixel grows with the radius.
  @specialized(where S == UInt8)
  @specialized(where S == Float)
  public func blurred(radius: Float) -> Image {
    precondition(
      radius >= 0 && radius.isFinite, "a blur needs a radius of 0 or more, got \(radius)")
    if radius == 0 { return self }
    // Along a side, twice its length already leaves nothing but the mean.
    func axis(_ side: Int) -> FilterAxis {
      FilterAxis(gaussian: min(Double(radius), 2 * Double(side)), count: side)
    }
    return filtered(
      horizontally: axis(width), FloatPass<S, Float>.self,
      vertically: axis(height), FloatPass<Float, S>.self)
  }
}
