import Imaging

/// A map as a locally linear function of a picture's brightness: v ≈ a · brightness + b around each
/// pixel. Where the picture has an edge, so has the result; where it has none, the map is smoothed.
///
/// The factors are found at a low resolution and may be enlarged to any other, where they are applied
/// to the brightness there. Costs a few additions for each pixel, whatever the radius.
///
/// He, Sun, Tang: Guided Image Filtering, 2010; enlarging the factors: He, Sun: Fast Guided Filter, 2015
/// (arXiv:1505.00996).
struct GuidedFilter {
  /// a and b, of the map's size.
  let slope: Image<Float>
  let offset: Image<Float>

  /// Fits a map to a guide of the same size, brightness 0...1, in windows of side 2 · radius + 1.
  ///
  /// - Parameter slack: the variance of brightness below which a window counts as flat.
  init(fitting map: Image<Float>, to guide: Image<Float>, radius: Int, slack: Float = 1e-3) {
    func products(_ a: Image<Float>, _ b: Image<Float>) -> Image<Float> {
      a.combined(with: b) { $0 * $1 }
    }
    let guideMean = guide.boxMean(radius: radius)
    let mapMean = map.boxMean(radius: radius)
    let variance = products(guide, guide).boxMean(radius: radius)
      .combined(with: products(guideMean, guideMean)) { max($0 - $1, 0) }
    let covariance = products(guide, map).boxMean(radius: radius)
      .combined(with: products(guideMean, mapMean)) { $0 - $1 }
    let slope = covariance.combined(with: variance) { $0 / ($1 + slack) }
    let offset = mapMean.combined(with: products(slope, guideMean)) { $0 - $1 }
    self.slope = slope.boxMean(radius: radius)
    self.offset = offset.boxMean(radius: radius)
  }
}

extension Image where S == Float {
  /// Pixel by pixel; traps unless both have one size and layout.
  func combined(with other: Image, _ operation: (Float, Float) -> Float) -> Image {
    precondition(other.size == size && other.layout == layout, "\(other.size) beside \(size)")
    return Image(size: size, layout: layout) { target in
      withSamples { a in
        other.withSamples { b in
          for index in target.indices {
            target.initializeElement(at: index, to: operation(a[index], b[index]))
          }
        }
      }
    }
  }

  /// Means over squares of side 2 · radius + 1, cut off at the picture's border. One channel.
  func boxMean(radius: Int) -> Image {
    precondition(layout == .gray, "a box mean is taken of one channel, got \(layout)")
    let rows = running(radius: radius, lines: height, length: width, step: 1, apart: width)
    return rows.running(radius: radius, lines: width, length: height, step: width, apart: 1)
  }

  /// Means along lines; sums in `Double`, so that nothing is left of what has passed.
  private func running(
    radius: Int, lines: Int, length: Int, step: Int, apart: Int
  ) -> Image {
    Image(size: size, layout: layout) { target in
      withSamples { source in
        for line in 0..<lines {
          let start = line * apart
          var sum = 0.0
          for place in 0..<min(radius, length) { sum += Double(source[start + place * step]) }
          for place in 0..<length {
            let (enters, leaves) = (place + radius, place - radius - 1)
            if enters < length { sum += Double(source[start + enters * step]) }
            if leaves >= 0 { sum -= Double(source[start + leaves * step]) }
            let count = min(enters, length - 1) - max(leaves, -1)
            target.initializeElement(at: start + place * step, to: Float(sum / Double(count)))
          }
        }
      }
    }
  }
}
