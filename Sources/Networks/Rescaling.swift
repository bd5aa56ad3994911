/// What stands for a layer's derivative where a pass is compared with a reference: a finite slope, so
/// that what flows back accounts for the whole change between both, Σ dx · Δx = Σ dy · Δy.
public enum Rescaling: Sendable, Hashable {
  /// The backward step as it is, since the layer is affine in all inputs that change together, or its
  /// step looks at `site.reference` by itself.
  case step
  /// Δy / Δx for each element, of a function of one changing input, element by element.
  case secant
  /// The mean of the backward step over so many points of the straight line between the inputs, by
  /// Gauss and Legendre. Exact for polynomials of twice as many degrees, thus with one point for
  /// products; for other functions as good as they are smooth.
  case average(points: Int)
}
