extension Image where S == UInt8 {
  /// The picture at another size, equal to Pillow's `resize` to the bit.
  ///
  /// Rows first, then columns, each pass rounding to 8 bits with weights of 22 bits: the arithmetic
  /// that networks' training pictures went through. Channels are treated alike, alpha included.
  public func resized(to target: PixelSize, filter: ResizeFilter = .bilinear) -> Bitmap {
    resized(to: target, only: target.bounds, filter: filter)
  }

  /// A part of the picture at another size, without making the rest: the same as resizing and then
  /// cropping to `window`, which must lie within the target.
  func resized(
    to target: PixelSize, only window: PixelRect, filter: ResizeFilter
  ) -> Bitmap {
    precondition(
      window.intersection(target.bounds) == window, "\(window) does not lie within \(target)")
    let columns = ResizeWeights(
      from: width, to: target.width, only: window.x..<window.maxX, filter: filter)
    let rows = ResizeWeights(
      from: height, to: target.height, only: window.y..<window.maxY, filter: filter)
    // Only rows that the second pass looks at go through the first.
    let needed = target.height == height ? window.y..<window.maxY : rows.inputs
    let narrowed = cropped(
      to: PixelRect(x: 0, y: needed.lowerBound, width: width, height: needed.count),
      filling: [UInt8](repeating: 0, count: channels))
    let middle =
      target.width == width
      ? narrowed.cropped(
        to: PixelRect(x: window.x, y: 0, width: window.width, height: needed.count),
        filling: [UInt8](repeating: 0, count: channels))
      : narrowed.weighedRows(FixedWeights(columns), count: window.width)
    return target.height == height
      ? middle
      : middle.weighedColumns(
        FixedWeights(rows), count: window.height, firstRow: needed.lowerBound)
  }

  private func weighedRows(_ weights: FixedWeights, count: Int) -> Bitmap {
    let (width, channels) = (width, channels)
    return withSamples { source in
      Bitmap(size: PixelSize(width: count, height: height), layout: layout) { samples in
        for y in 0..<height {
          for x in 0..<count {
            let start = (y * width + weights.starts[x]) * channels
            for channel in 0..<channels {
              samples.initializeElement(
                at: (y * count + x) * channels + channel,
                to: weights.sum(at: x) { source[start + $0 * channels + channel] })
            }
          }
        }
      }
    }
  }

  private func weighedColumns(_ weights: FixedWeights, count: Int, firstRow: Int) -> Bitmap {
    let row = width * channels
    return withSamples { source in
      Bitmap(size: PixelSize(width: width, height: count), layout: layout) { samples in
        for y in 0..<count {
          let start = (weights.starts[y] - firstRow) * row
          for x in 0..<row {
            samples.initializeElement(
              at: y * row + x, to: weights.sum(at: y) { source[start + $0 * row + x] })
          }
        }
      }
    }
  }
}

/// Weights in 22 bits behind the point: eight bits of sample and some overshoot still fit 32 bits.
private struct FixedWeights {
  private static let precision = 22

  let starts: [Int]
  private let counts: [Int]
  private let weights: [Int32]
  private let stride: Int

  init(_ exact: ResizeWeights) {
    starts = exact.starts
    counts = exact.counts
    stride = exact.stride
    let unit = Double(1 << Self.precision)
    // Halves are rounded away from zero.
    weights = exact.weights.map { Int32(($0 * unit + ($0 < 0 ? -0.5 : 0.5)).rounded(.towardZero)) }
  }

  @inline(__always)
  func sum(at output: Int, _ sample: (Int) -> UInt8) -> UInt8 {
    weights.withUnsafeBufferPointer { weights in
      var sum: Int32 = 1 << (Self.precision - 1)
      let first = output * stride
      for index in 0..<counts[output] { sum &+= weights[first + index] &* Int32(sample(index)) }
      return UInt8(clamping: sum >> Self.precision)
    }
  }
}

extension Image where S == Float {
  /// The values at another size, in floating point: an average where the picture shrinks. A result
  /// that would draw on a NaN is NaN.
  public func resized(to target: PixelSize, filter: ResizeFilter = .bilinear) -> Image<Float> {
    guard target != size else { return self }
    let rows = ResizeWeights(
      from: width, to: target.width, only: 0..<target.width, filter: filter)
    let columns = ResizeWeights(
      from: height, to: target.height, only: 0..<target.height, filter: filter)
    let (width, channels) = (width, channels)
    let middle = withSamples { source in
      Image(size: PixelSize(width: target.width, height: height), layout: layout) { samples in
        for y in 0..<height {
          for x in 0..<target.width {
            for channel in 0..<channels {
              var sum = 0.0
              for index in 0..<rows.counts[x] {
                let at = (y * width + rows.starts[x] + index) * channels + channel
                sum += rows.weights[x * rows.stride + index] * Double(source[at])
              }
              samples.initializeElement(
                at: (y * target.width + x) * channels + channel, to: Float(sum))
            }
          }
        }
      }
    }
    let row = target.width * channels
    return middle.withSamples { source in
      Image(size: target, layout: layout) { samples in
        for y in 0..<target.height {
          for x in 0..<row {
            var sum = 0.0
            for index in 0..<columns.counts[y] {
              let at = (columns.starts[y] + index) * row + x
              sum += columns.weights[y * columns.stride + index] * Double(source[at])
            }
            samples.initializeElement(at: y * row + x, to: Float(sum))
          }
        }
      }
    }
  }
}
