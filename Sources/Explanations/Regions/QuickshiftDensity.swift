#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How dense the positions of a picture lie around each of them, in place and colour.
///
/// All densities are summed in single precision with a known bound on their error; what lies within it
/// is decided by sums in double precision, which few positions need. So order is that of double
/// precision, at a fifth of its time.
struct QuickshiftDensity {
  /// CIE L*a*b* times how much colour counts.
  private let colors: [SIMD3<Double>]
  private let width: Int
  private let height: Int
  private let kernel: Double
  /// Within `tolerance` times itself.
  private let estimates: [Double]
  /// Sums in double precision, by the estimate: windows that look all the same, as in flat parts of a
  /// picture, have equal estimates and share a sum, so that positions have one order.
  private var exact: [Double: Double] = [:]

  /// The largest relative error of an estimate: of the power's polynomial, of sums of a few terms in
  /// single precision, and of differences of colours, which is as large as these are.
  private let tolerance: Double

  /// How many positions a window reaches to each side.
  static func reach(of kernel: Double) -> Int { Int((3 * kernel).rounded(.up)) }

  init(_ colors: [SIMD3<Double>], width: Int, height: Int, kernel: Double) {
    self.colors = colors
    self.width = width
    self.height = height
    self.kernel = kernel
    let window = QuickshiftWindow(colors, width: width, height: height, kernel: kernel)
    estimates = window.densities()
    tolerance = 2e-6 + 1e-6 * Double(window.largestColor)
  }

  /// Whether a position's density is the higher; of equal ones, that of the earlier position.
  mutating func isHigher(_ a: Int, than b: Int) -> Bool {
    let (first, second) = (estimates[a], estimates[b])
    if first == second { return a < b }
    if (first - second).magnitude > tolerance * max(first, second) { return first > second }
    let (left, right) = (sum(at: a), sum(at: b))
    return left == right ? a < b : left > right
  }

  /// Σ exp(−d² / 2·kernel²) over the window, in double precision, row by row.
  private mutating func sum(at place: Int) -> Double {
    if let sum = exact[estimates[place]] { return sum }
    let reach = Self.reach(of: kernel)
    let (x, y) = (place % width, place / width)
    let scale = -0.5 / (kernel * kernel)
    var sum = 0.0
    for row in max(y - reach, 0)...min(y + reach, height - 1) {
      for column in max(x - reach, 0)...min(x + reach, width - 1) {
        let color = colors[place] - colors[row * width + column]
        let squares = color * color
        var distance = squares.x + squares.y + squares.z
        distance += Double((y - row) * (y - row))
        distance += Double((x - column) * (x - column))
        sum += exp(distance * scale)
      }
    }
    exact[estimates[place]] = sum
    return sum
  }
}

/// The work behind the estimates: eight positions at a time, each pair once.
///
/// Colours lie in planes with margins as wide as the window, filled with one that is far from all others,
/// so that no position is a special case. For a row, a row below it and a few ways across, the pairs'
/// weights are written down once and added up twice: for the upper and for the lower position.
private struct QuickshiftWindow {
  /// Ways across that are added up in single precision.
  private static let chunk = 8

  private let width: Int
  private let height: Int
  private let reachX: Int
  private let reachY: Int
  /// The width, filled up to whole vectors.
  private let line: Int
  /// A line and its margins.
  private let pitch: Int
  /// −d² of place by the rows and columns between, in units of the exponent to base 2.
  private let places: [Float]
  /// Colours in the same units: three planes of `height` times `pitch`.
  private let planes: [Float]
  /// The largest magnitude in them, but for margins.
  let largestColor: Float

  init(_ colors: [SIMD3<Double>], width: Int, height: Int, kernel: Double) {
    self.width = width
    self.height = height
    let reach = QuickshiftDensity.reach(of: kernel)
    reachX = min(reach, width - 1)
    reachY = min(reach, height - 1)
    line = (width + 7) / 8 * 8
    pitch = line + 2 * reachX
    let unit = 0.5 / (kernel * kernel * log(2.0))
    let (reachX, reachY, pitch) = (reachX, reachY, pitch)
    places = (0...reachY).flatMap { y in
      (0...reachX).map { x in -Float(Double(x * x + y * y) * unit) }
    }
    // Far from every colour: the weight of its pairs is next to nothing.
    var planes = [Float](repeating: 1e6, count: 3 * height * pitch)
    for (place, color) in colors.enumerated() {
      let start = place / width * pitch + reachX + place % width
      for channel in 0..<3 {
        planes[channel * height * pitch + start] = Float(color[channel] * unit.squareRoot())
      }
    }
    self.planes = planes
    let bound = colors.reduce(0.0) { max($0, max($1.max(), -$1.min())) }
    largestColor = Float(bound * unit.squareRoot())
  }

  func densities() -> [Double] {
    // Every position is a pair with itself.
    var sums = [Double](repeating: 1, count: height * line)
    var weights = [Float](repeating: 0, count: Self.chunk * pitch)
    planes.withUnsafeBufferPointer { planes in
      sums.withUnsafeMutableBufferPointer { sums in
        weights.withUnsafeMutableBufferPointer { weights in
          for y in 0..<height {
            for below in 0...min(reachY, height - 1 - y) {
              var first = below == 0 ? 1 : -reachX
              while first <= reachX {
                let ways = first...min(first + Self.chunk - 1, reachX)
                add(y, below, ways, planes, weights, sums)
                first = ways.upperBound + 1
              }
            }
          }
        }
      }
    }
    return (0..<height * width).map { sums[$0 / width * line + $0 % width] }
  }

  /// Adds the weights of pairs of a row and one `below` it, at these ways across.
  @inline(__always)
  private func add(
    _ y: Int, _ below: Int, _ ways: ClosedRange<Int>, _ planes: UnsafeBufferPointer<Float>,
    _ weights: UnsafeMutableBufferPointer<Float>, _ sums: UnsafeMutableBufferPointer<Double>
  ) {
    let plane = height * pitch
    let upper = y * pitch + reachX
    let lower = (y + below) * pitch + reachX
    for x in stride(from: 0, to: line, by: 8) {
      let l = Self.load(planes, upper + x)
      let a = Self.load(planes, plane + upper + x)
      let b = Self.load(planes, 2 * plane + upper + x)
      var sum = SIMD8<Float>.zero
      for way in ways {
        let there = lower + x + way
        let dl = l - Self.load(planes, there)
        let da = a - Self.load(planes, plane + there)
        let db = b - Self.load(planes, 2 * plane + there)
        let place = places[below * (reachX + 1) + abs(way)]
        let weight = Self.power(place - (dl * dl + da * da + db * db))
        Self.store(weight, weights, (way - ways.lowerBound) * pitch + reachX + x)
        sum += weight
      }
      Self.add(sum, sums, y * line + x)
    }
    for x in stride(from: 0, to: line, by: 8) {
      var sum = SIMD8<Float>.zero
      for way in ways {
        // Margins hold no weights.
        sum += Self.load(
          UnsafeBufferPointer(weights), (way - ways.lowerBound) * pitch + reachX + x - way)
      }
      Self.add(sum, sums, (y + below) * line + x)
    }
  }

  /// 2 to the power of values that are not positive: the whole part moves the exponent's bits, a
  /// polynomial does the rest to 2·10⁻⁸.
  @inline(__always)
  private static func power(_ exponent: SIMD8<Float>) -> SIMD8<Float> {
    let exponent = exponent.replacing(with: -126, where: exponent .< -126)
    // Adding 1.5 · 2²³ rounds to a whole number, which is then in the lowest bits.
    let shifted = exponent + 12_582_912
    let rest = exponent - (shifted - 12_582_912)
    var power = rest * 0.000154035 + 0.00133335581
    power = power * rest + 0.00961812911
    power = power * rest + 0.0555041087
    power = power * rest + 0.240226507
    power = power * rest + 0.693147181
    power = power * rest + 1
    let bits = unsafeBitCast(shifted, to: SIMD8<Int32>.self) &<< 23
    return unsafeBitCast(
      unsafeBitCast(power, to: SIMD8<Int32>.self) &+ bits, to: SIMD8<Float>.self)
  }

  @inline(__always)
  private static func load(_ values: UnsafeBufferPointer<Float>, _ index: Int) -> SIMD8<Float> {
    UnsafeRawPointer(values.baseAddress.unsafelyUnwrapped + index)
      .loadUnaligned(as: SIMD8<Float>.self)
  }

  @inline(__always)
  private static func store(
    _ vector: SIMD8<Float>, _ values: UnsafeMutableBufferPointer<Float>, _ index: Int
  ) {
    UnsafeMutableRawPointer(values.baseAddress.unsafelyUnwrapped + index)
      .storeBytes(of: vector, as: SIMD8<Float>.self)
  }

  @inline(__always)
  private static func add(
    _ vector: SIMD8<Float>, _ sums: UnsafeMutableBufferPointer<Double>, _ index: Int
  ) {
    let target = UnsafeMutableRawPointer(sums.baseAddress.unsafelyUnwrapped + index)
    let sum = target.loadUnaligned(as: SIMD8<Double>.self) + SIMD8<Double>(vector)
    target.storeBytes(of: sum, as: SIMD8<Double>.self)
  }
}
