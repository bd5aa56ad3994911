import Tensors

/// Superpixels: positions grouped by colour and place around centres that begin on a grid.
///
/// Deterministic; time grows with the number of positions alone. A region is connected; crumbs join
/// the neighbour that they were found beside.
///
/// Achanta, Shaji, Smith, Lucchi, Fua, Süsstrunk: SLIC Superpixels Compared to State-of-the-Art
/// Superpixel Methods, 2012.
struct SLIC {
  /// About how many regions.
  var regions = 50
  /// How much place counts against colour, in units of CIE L*a*b*.
  var compactness: Float = 10
  var iterations = 10

  private struct Center {
    var color: SIMD3<Float>
    var x: Float
    var y: Float
  }

  /// Regions of `[1, C, H, W]`, values 0...1; three channels are red, green and blue, any other number
  /// is averaged to gray.
  func regions(of input: Tensor) -> Regions {
    let (height, width) = (input.shape[2], input.shape[3])
    let colors = Lab.colors(of: input).map { SIMD3<Float>($0) }
    // As many cells along each side as make them nearly square.
    let cell = (Double(width * height) / Double(max(regions, 1))).squareRoot()
    let columns = min(width, max(1, Int((Double(width) / cell).rounded())))
    let rows = min(height, max(1, Int((Double(height) / cell).rounded())))
    var centers = (0..<rows * columns).map { index in
      let x = (Float(index % columns) + 0.5) * Float(width) / Float(columns)
      let y = (Float(index / columns) + 0.5) * Float(height) / Float(rows)
      let place = min(Int(y), height - 1) * width + min(Int(x), width - 1)
      return Center(color: colors[place], x: x - 0.5, y: y - 0.5)
    }
    let reach = (Float(width) / Float(columns), Float(height) / Float(rows))
    let spread = max(reach.0, reach.1)
    let weight = (compactness / spread) * (compactness / spread)
    var labels = [Int](repeating: 0, count: width * height)
    for _ in 0..<iterations {
      var distances = [Float](repeating: .infinity, count: width * height)
      for (label, center) in centers.enumerated() {
        let xs = max(0, Int(center.x - reach.0))...min(width - 1, Int(center.x + reach.0) + 1)
        let ys = max(0, Int(center.y - reach.1))...min(height - 1, Int(center.y + reach.1) + 1)
        for y in ys {
          let dy = Float(y) - center.y
          for x in xs {
            let place = y &* width &+ x
            let dx = Float(x) - center.x
            let color = colors[place] - center.color
            let distance = (color * color).sum() + weight * (dx * dx + dy * dy)
            if distance < distances[place] {
              distances[place] = distance
              labels[place] = label
            }
          }
        }
      }
      centers = Self.means(of: labels, colors, width: width, previous: centers)
    }
    return Self.connected(labels, width: width, height: height, least: Int(cell * cell / 4))
  }

  private static func means(
    of labels: [Int], _ colors: [SIMD3<Float>], width: Int, previous: [Center]
  ) -> [Center] {
    var sums = [(color: SIMD3<Double>, x: Int, y: Int, count: Int)](
      repeating: (.zero, 0, 0, 0), count: previous.count)
    for (place, label) in labels.enumerated() {
      sums[label].color += SIMD3<Double>(colors[place])
      sums[label].x += place % width
      sums[label].y += place / width
      sums[label].count += 1
    }
    return zip(sums, previous).map { sum, center in
      guard sum.count > 0 else { return center }
      let count = Double(sum.count)
      return Center(
        color: SIMD3<Float>(sum.color / count), x: Float(Double(sum.x) / count),
        y: Float(Double(sum.y) / count))
    }
  }

  /// Gives each connected part a label of its own; parts with fewer than `least` positions join the
  /// part before them.
  private static func connected(
    _ labels: [Int], width: Int, height: Int, least: Int
  ) -> Regions {
    var result = [Int](repeating: -1, count: labels.count)
    var next = 0
    for start in labels.indices where result[start] < 0 {
      // A neighbour that has its label already; the first part has none.
      let neighbor =
        start % width > 0 ? result[start - 1] : start >= width ? result[start - width] : -1
      var part = [start]
      result[start] = next
      var index = 0
      while index < part.count {
        let place = part[index]
        index += 1
        let (x, y) = (place % width, place / width)
        for (there, isInside) in [
          (place - 1, x > 0), (place + 1, x + 1 < width), (place - width, y > 0),
          (place + width, y + 1 < height),
        ] where isInside && result[there] < 0 && labels[there] == labels[start] {
          result[there] = next
          part.append(there)
        }
      }
      if part.count < least, neighbor >= 0 {
        for place in part { result[place] = neighbor }
      } else {
        next += 1
      }
    }
    return Regions(labels: result, width: width, height: height)
  }
}
