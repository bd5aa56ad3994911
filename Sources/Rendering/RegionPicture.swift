public import Imaging

/// What is kept of a picture: some of its regions as they are, the others in pale grays.
///
/// A line goes around what is kept, and along all borders of regions where these are asked for.
public struct RegionPicture: Sendable {
  /// The number of each position's region at the network's input.
  let regions: Image<Float>
  /// Regions of smaller numbers than this are kept.
  let keptBelow: Float
  let placement: Placement

  /// - Parameters:
  ///   - ranks: of each position's region at the network's input; the first is 1.
  ///   - keptCount: regions of ranks up to this are kept.
  public init(ranks: Image<Float>, keptCount: Int, placement: Placement) {
    regions = ranks
    keptBelow = Float(keptCount) + 0.5
    self.placement = placement
  }

  /// What is kept of the picture, which must be the one that was placed.
  public func kept(of picture: Bitmap, showsBorders: Bool) -> Bitmap {
    let projected = placement.nearest(of: regions)
    var result = picture.opaqueRGB
    let pale = Backdrop.gray.applied(to: picture, beneath: .diverging)
    result.withMutableSamples { pixels in
      projected.withSamples { ranks in
        pale.withSamples { grays in
          // What the network did not see is kept as little.
          for (place, rank) in ranks.enumerated() where !(rank < keptBelow) {
            for channel in 0..<3 { pixels[3 * place + channel] = grays[place] }
          }
        }
      }
    }
    if showsBorders { RegionBorders.draw(projected, on: &result) }
    let isKept = projected.mapped { $0 < keptBelow ? 1 : 0 }
    RegionBorders.draw(isKept, on: &result, ink: Color(red: 230, green: 0, blue: 60))
    return result
  }
}

/// Lines between regions.
enum RegionBorders {
  /// Draws a line of two pixels, or more in large pictures, wherever two numbers meet; NaN has none. Traps
  /// unless both have one size.
  static func draw(
    _ regions: Image<Float>, on picture: inout Bitmap, ink: Color = Color(gray: 255)
  ) {
    precondition(
      regions.size == picture.size && picture.layout == .rgb, "\(regions.size) on a picture")
    let (width, height) = (regions.width, regions.height)
    let reach = max(min(width, height) / 400, 1)
    let rim = Color(gray: 0)
    picture.withMutableSamples { pixels in
      regions.withSamples { numbers in
        func isBorder(_ x: Int, _ y: Int, within reach: Int) -> Bool {
          let number = numbers[y * width + x]
          if number.isNaN { return false }
          for (dx, dy) in [(reach, 0), (0, reach), (-reach, 0), (0, -reach), (reach, reach)] {
            let (column, row) = (x + dx, y + dy)
            guard 0..<width ~= column, 0..<height ~= row else { continue }
            let other = numbers[row * width + column]
            if other != number, !other.isNaN { return true }
          }
          return false
        }
        for y in 0..<height {
          for x in 0..<width where isBorder(x, y, within: 2 * reach) {
            let color = isBorder(x, y, within: reach) ? ink : rim
            let share: Float = color == rim ? 0.5 : 1
            let at = 3 * (y * width + x)
            for (channel, above) in [color.red, color.green, color.blue].enumerated() {
              let below = Float(pixels[at + channel])
              pixels[at + channel] = UInt8(below + (Float(above) - below) * share + 0.5)
            }
          }
        }
      }
    }
  }
}

extension Placement {
  /// Numbers of positions of the input, laid on the picture without mixing them; NaN where the network
  /// saw nothing.
  func nearest(of numbers: Image<Float>) -> Image<Float> {
    let (width, height) = (numbers.width, numbers.height)
    func ramp(_ value: (Int) -> Int) -> Image<Float> {
      project(
        Image(
          size: numbers.size, layout: .gray,
          samples: (0..<width * height).map { Float(value($0)) }))
    }
    let (columns, rows) = (ramp { $0 % width }, ramp { $0 / width })
    return columns.combined(with: rows) { column, row in
      if column.isNaN || row.isNaN { return .nan }
      return numbers.samples[Int(row.rounded()) * width + Int(column.rounded())]
    }
  }
}
