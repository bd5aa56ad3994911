import Imaging

/// One body as it is drawn, before it is laid over others: linear light, weighted by how much of each
/// pixel is covered.
struct Layer {
  /// Of the picture, part of which may lie outside.
  let left: Int
  let top: Int
  /// Red, green, blue and cover, `.rgba`.
  var pixels: Image<Float>
  let depth: Float

  /// The body's layer, or nil where it is out of sight.
  ///
  /// - Parameter blur: the deviation of a Gaussian, in pixels.
  init?(of body: Body, seenBy camera: Camera, under light: Light, side: Int, blur: Float = 0) {
    let isBlurred = blur > 0.25
    // What the blur moves farther does not show.
    let margin = isBlurred ? Int(3 * blur) + 1 : 0
    let place = camera.place(of: body.center)
    let scale = Float(side) / 2
    let reach = body.radius * Body.bound * camera.focalLength / place.depth * 1.12 * scale
    let (x, y) = ((place.u + 1) * scale, (1 - place.v) * scale)
    func limited(_ value: Float) -> Int { max(-side, min(Int(value), 2 * side)) }
    let left = max(limited(x - reach) - 1, -margin) - margin
    let top = max(limited(y - reach) - 1, -margin) - margin
    let right = min(limited(x + reach) + 2, side + margin) + margin
    let bottom = min(limited(y + reach) + 2, side + margin) + margin
    guard place.depth > 0, right - left > 2 * margin, bottom - top > 2 * margin else { return nil }
    self.left = left
    self.top = top
    depth = place.depth
    let size = PixelSize(width: right - left, height: bottom - top)
    pixels = Image(
      size: size, layout: .rgba, samples: [Float](repeating: 0, count: 4 * size.area))
    let shading = Shading(body: body, camera: camera, light: light)
    pixels.withMutableSamples { samples in
      for row in margin..<(size.height - margin) {
        for column in stride(from: margin, to: size.width - margin, by: 4) {
          // Four pixels side by side, from four rays each.
          for pass in Grid.passes {
            let u = (pass.x + Float(left + column)) * (1 / scale) - 1
            let v = 1 - (pass.y + Float(top + row)) * (1 / scale)
            guard let seen = shading.seen(u, v) else { continue }
            for lane in 0..<8 where seen.isHit[lane] && column + lane / 2 < size.width - margin {
              let start = (row * size.width + column + lane / 2) * 4
              samples[start] += seen.color.x[lane] * 0.25
              samples[start + 1] += seen.color.y[lane] * 0.25
              samples[start + 2] += seen.color.z[lane] * 0.25
              samples[start + 3] += 0.25
            }
          }
        }
      }
    }
    if isBlurred { pixels = pixels.blurred(radius: blur) }
  }
}

/// Where in pixels rays go through: two passes, of two rays to each of four pixels, none of them in
/// line.
enum Grid {
  static let passes: [(x: Lanes, y: Lanes)] = [
    (
      Lanes(0.375, 0.875, 1.375, 1.875, 2.375, 2.875, 3.375, 3.875),
      Lanes(0.125, 0.375, 0.125, 0.375, 0.125, 0.375, 0.125, 0.375)
    ),
    (
      Lanes(0.125, 0.625, 1.125, 1.625, 2.125, 2.625, 3.125, 3.625),
      Lanes(0.625, 0.875, 0.625, 0.875, 0.625, 0.875, 0.625, 0.875)
    ),
  ]
}
