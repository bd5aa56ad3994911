import Tensors

/// Superpixels: every position follows the nearest one of higher density, in colour and place at once,
/// up to a root; those that share a root are a region.
///
/// A position's density is Σ exp(−d² / 2·kernel²) over the window of ⌈3·kernel⌉ pixels around it, where d²
/// is the squared distance in place and in `ratio` times CIE L*a*b*. Its parent is the nearest position
/// of the window with a higher density, unless that is farther than `distance`. Of equal distances the
/// first row by row counts, of equal densities the later position as the lower. Deterministic.
///
/// Regions are those of scikit-image's `quickshift`, but where densities are equal: there it lets noise
/// decide. Time grows with positions times the window's; a picture of 224 × 224 at the kernel 8 takes
/// about a tenth of a second.
///
/// Vedaldi, Soatto: Quick Shift and Kernel Methods for Mode Seeking, 2008.
public struct Quickshift: Sendable, Codable, Equatable {
  /// Width of the density's kernel in pixels, 1...16: larger ones make fewer regions.
  public var kernel: Double
  /// The farthest that a position looks for its parent, above 0: larger ones make fewer regions.
  public var distance: Double
  /// How much colour counts against place, 0...1.
  public var ratio: Double

  /// By default the constants that the published code of LIME has.
  public init(kernel: Double = 4, distance: Double = 200, ratio: Double = 0.2) {
    self.kernel = kernel
    self.distance = distance
    self.ratio = ratio
  }

  static let parameters = [
    "quickshift.kernel": "of quickshift: width of the density's kernel in pixels, 1...16",
    "quickshift.distance": "of quickshift: how far a pixel looks for a denser one, above 0",
    "quickshift.ratio": "of quickshift: how much colour counts against place, 0...1",
  ]

  func validate(for method: String) throws(ExplainerError) {
    func refuse(_ name: String, _ reason: String) -> ExplainerError {
      .invalidParameter(method: method, parameter: "quickshift.\(name)", reason: reason)
    }
    guard (1...16).contains(kernel) else {
      throw refuse("kernel", "must be 1...16, found \(kernel)")
    }
    guard distance > 0 else { throw refuse("distance", "must be above 0, found \(distance)") }
    guard (0...1).contains(ratio) else { throw refuse("ratio", "must be 0...1, found \(ratio)") }
  }

  /// Regions of `[1, C, H, W]`, values 0...1; three channels are red, green and blue, any other number
  /// is averaged to gray.
  func regions(of input: Tensor) -> Regions {
    let (height, width) = (input.shape[2], input.shape[3])
    let colors = Lab.colors(of: input).map { $0 * ratio }
    var density = QuickshiftDensity(colors, width: width, height: height, kernel: kernel)
    var roots = parents(colors, width: width, height: height, &density)
    // Each pass halves every way to a root, none of which is longer than there are positions.
    for _ in 0..<Int.bitWidth - roots.count.leadingZeroBitCount {
      let next = roots.map { roots[$0] }
      if next == roots { break }
      roots = next
    }
    return Regions(labels: roots, width: width, height: height)
  }

  /// The nearest position of higher density within reach; a root is its own.
  private func parents(
    _ colors: [SIMD3<Double>], width: Int, height: Int, _ density: inout QuickshiftDensity
  ) -> [Int] {
    let steps = steps
    return colors.indices.map { place in
      let (x, y) = (place % width, place / width)
      var (nearest, parent) = (Double.infinity, place)
      for step in steps {
        // Colour only adds to a distance, and steps grow.
        if step.square > nearest { break }
        guard 0..<width ~= x + step.x, 0..<height ~= y + step.y else { continue }
        let there = (y + step.y) * width + x + step.x
        let color = colors[place] - colors[there]
        let squares = color * color
        var distance = squares.x + squares.y + squares.z
        distance += Double(step.y * step.y)
        distance += Double(step.x * step.x)
        guard distance < nearest || (distance == nearest && there < parent),
          density.isHigher(there, than: place)
        else { continue }
        (nearest, parent) = (distance, there)
      }
      return nearest.squareRoot() > distance ? place : parent
    }
  }

  /// Ways within the window that are no longer than `distance`, the shortest first.
  private var steps: [(x: Int, y: Int, square: Double)] {
    let reach = QuickshiftDensity.reach(of: kernel)
    var steps: [(x: Int, y: Int, square: Double)] = []
    for y in -reach...reach {
      for x in -reach...reach where x != 0 || y != 0 {
        let square = Double(x * x + y * y)
        if square.squareRoot() <= distance { steps.append((x, y, square)) }
      }
    }
    return steps.sorted { ($0.square, $0.y, $0.x) < ($1.square, $1.y, $1.x) }
  }
}
