import Tensors

/// How far a point is from having the shortest displacement to a boundary with a given normal.
enum Optimality {
  /// 1 − |⟨gradient, displacement⟩| / (dual length · length), over the pixels that are free: those at a
  /// bound that keeps them from going further down the margin are left out. Nil for a gradient of
  /// zero or what is no number; 0 where no free pixel has moved.
  static func residual(_ gradient: Tensor, at point: Tensor, of site: Site) -> Double? {
    var free = gradient
    var moved = point - site.start
    for index in 0..<point.count {
      let slope = gradient[index]
      let isHeld =
        slope > 0 ? point[index] <= site.lower[index] : point[index] >= site.upper[index]
      if isHeld, slope != 0 || site.lower[index] == site.upper[index] {
        free[index] = 0
        moved[index] = 0
      }
    }
    guard gradient.isFinite, site.norm.dual.length(of: gradient) > 0 else { return nil }
    let lengths = site.norm.dual.length(of: free) * site.norm.length(of: moved)
    guard lengths > 0 else { return 0 }
    return max(0, 1 - VectorSums.dot(free, moved).magnitude / lengths)
  }
}
