import Tensors

/// The point within the bounds that is nearest to the start by the Euclidean norm and satisfies several
/// linear conditions.
///
/// The point is clip(start − Σ λₖ · normalₖ). Each λₖ in turn is brought to where its condition holds with
/// the others as they are (Hildreth: A quadratic programming procedure, 1957), in double precision,
/// until none changes. For a few conditions, not for many.
struct CutsProjection {
  /// value + ⟨normal, x − start⟩ must be 0, or 0 at most.
  struct Cut {
    let normal: Tensor
    let value: Double
    let isEquality: Bool
  }

  let site: Site
  let cuts: [Cut]

  /// The projection; where the conditions contradict each other, no point satisfies all.
  func point() -> Tensor {
    let count = site.start.count
    var shift = [Double](repeating: 0, count: count)
    var weights = [Double](repeating: 0, count: cuts.count)
    for _ in 0..<2000 {
      var change = 0.0
      for (place, cut) in cuts.enumerated() {
        let weight = solved(cut, from: weights[place], shift)
        let step = weight - weights[place]
        guard step != 0 else { continue }
        for index in 0..<count { shift[index] += step * Double(cut.normal[index]) }
        weights[place] = weight
        change = max(change, step.magnitude / max(weight.magnitude, .leastNormalMagnitude))
      }
      if change < 1e-12 { break }
    }
    return Tensor((0..<count).map { moved($0, shift[$0]) }, shape: site.start.shape)
  }

  private func moved(_ index: Int, _ shift: Double) -> Float {
    let value = Double(site.start[index]) - shift
    return Float(min(max(value, Double(site.lower[index])), Double(site.upper[index])))
  }

  /// The weight at which a cut's condition holds, by Newton's method within a bracket: its value falls
  /// as the weight grows.
  private func solved(_ cut: Cut, from weight: Double, _ shift: [Double]) -> Double {
    var (low, high) = (cut.isEquality ? -Double.infinity : 0, Double.infinity)
    var next = weight
    for _ in 0..<60 {
      let (value, slope) = state(cut, next - weight, shift)
      if value.magnitude <= 1e-13 * max(cut.value.magnitude, 1e-30) { return next }
      if value > 0 { low = next } else { high = next }
      if high == 0, !cut.isEquality { return 0 }
      var step = slope > 0 ? next + value / slope : .nan
      if !(step > low && step < high) {
        if low.isFinite, high.isFinite {
          step = (low + high) / 2
        } else if !cut.isEquality, step <= 0 {
          step = 0
        } else {
          return next
        }
      }
      if step == next { return next }
      next = step
    }
    return next
  }

  private func state(
    _ cut: Cut, _ step: Double, _ shift: [Double]
  ) -> (value: Double, slope: Double) {
    var (value, slope) = (cut.value, 0.0)
    for index in shift.indices {
      let normal = Double(cut.normal[index])
      let wanted = -(shift[index] + step * normal)
      let low = Double(site.lower[index]) - Double(site.start[index])
      let high = Double(site.upper[index]) - Double(site.start[index])
      let change = min(max(wanted, low), high)
      value += normal * change
      if change == wanted { slope += normal * normal }
    }
    return (value, slope)
  }
}
