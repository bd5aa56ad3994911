import Imaging

extension Scene {
  /// The picture in linear light, and how much of each pixel the subject covers (0...1); nil if it is
  /// not to be seen, or mostly hidden.
  func drawn(through film: Film, side: Int) -> (light: Image<Float>, cover: [Float])? {
    let focus = camera.place(of: subject.center).depth
    guard
      let own = Layer(of: subject, seenBy: camera, under: light, side: side)
    else { return nil }
    var layers = bystanders.compactMap { body in
      let blur = film.blur(at: camera.place(of: body.center).depth, focus: focus, side: side)
      return Layer(of: body, seenBy: camera, under: light, side: side, blur: blur)
    }
    layers.sort { $0.depth > $1.depth }
    let behind = layers.prefix { $0.depth > own.depth }
    let before = layers.dropFirst(behind.count)
    var cover = [Float](repeating: 0, count: side * side)
    own.eachPixel(in: side) { index, pixel in cover[index] = pixel[3] }
    let whole = cover.reduce(0, +)
    for layer in before {
      layer.eachPixel(in: side) { index, pixel in cover[index] *= 1 - pixel[3] }
    }
    guard cover.reduce(0, +) > 0.6 * whole else { return nil }

    var (picture, depths) = room.drawn(
      seenBy: camera, under: light, beneath: [subject] + bystanders, side: side)
    Self.blur(&picture, depths: depths, focus: focus, film: film)
    picture.withMutableSamples { samples in
      for layer in behind + [own] + before {
        layer.eachPixel(in: side) { index, pixel in
          for channel in 0..<3 {
            let below = samples[index * 3 + channel]
            samples[index * 3 + channel] = below * (1 - pixel[3]) + pixel[channel]
          }
        }
      }
    }
    return (picture, cover)
  }

  /// Blurs each pixel by its depth, between the sharp picture and a blurred one.
  private static func blur(
    _ picture: inout Image<Float>, depths: [Float], focus: Float, film: Film
  ) {
    let side = picture.width
    let blurs = depths.map { film.blur(at: $0, focus: focus, side: side) }
    guard let most = blurs.max(), most > 0.3 else { return }
    let soft = picture.blurred(radius: most)
    picture.withMutableSamples { samples in
      soft.withSamples { soft in
        for index in blurs.indices {
          let weight = blurs[index] / most
          for channel in (index * 3)..<(index * 3 + 3) {
            samples[channel] += (soft[channel] - samples[channel]) * weight
          }
        }
      }
    }
  }
}

extension Layer {
  /// The pixels within the picture of which some is covered, by their index there.
  @inline(__always) func eachPixel(in side: Int, _ body: (Int, SIMD4<Float>) -> Void) {
    let rows = max(0, -top)..<max(max(0, -top), min(pixels.height, side - top))
    let columns = max(0, -left)..<max(max(0, -left), min(pixels.width, side - left))
    pixels.withSamples { own in
      for row in rows {
        for column in columns {
          let start = (row * pixels.width + column) * 4
          guard own[start + 3] > 0 else { continue }
          body(
            (top + row) * side + left + column,
            SIMD4(own[start], own[start + 1], own[start + 2], own[start + 3]))
        }
      }
    }
  }
}
