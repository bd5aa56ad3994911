import Imaging

/// How alike two planes of about −1...1 are in mean, contrast and structure, position by position.
///
/// Wang, Bovik, Sheikh, Simoncelli: Image Quality Assessment, 2004 (doi:10.1109/TIP.2003.819861): a
/// Gaussian window of deviation 1.5, K₁ = 0.01, K₂ = 0.03. The range of values is taken for 1, as
/// for maps without a sign; edges are mirrored.
enum StructuralSimilarity {
  /// The mean over all positions; 1 for equal planes.
  static func mean(of a: Image<Float>, and b: Image<Float>) -> Double {
    precondition(a.size == b.size, "planes of \(a.size) and \(b.size)")
    func smooth(_ value: (Float, Float) -> Float) -> [Float] {
      let samples = zip(a.samples, b.samples).map(value)
      return Image(size: a.size, layout: .gray, samples: samples).blurred(radius: 1.5).samples
    }
    let (meanA, meanB) = (smooth { x, _ in x }, smooth { _, y in y })
    let (squareA, squareB) = (smooth { x, _ in x * x }, smooth { _, y in y * y })
    let product = smooth { x, y in x * y }
    let (c1, c2) = (0.0001, 0.0009)
    var sum = 0.0
    for place in meanA.indices {
      let (ma, mb) = (Double(meanA[place]), Double(meanB[place]))
      let (va, vb) = (Double(squareA[place]) - ma * ma, Double(squareB[place]) - mb * mb)
      let covariance = Double(product[place]) - ma * mb
      sum +=
        (2 * ma * mb + c1) * (2 * covariance + c2)
        / ((ma * ma + mb * mb + c1) * (va + vb + c2))
    }
    return sum / Double(meanA.count)
  }
}
