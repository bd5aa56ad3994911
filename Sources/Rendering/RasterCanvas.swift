public import Imaging

/// A canvas of opaque RGB pixels, antialiased by exact coverage.
///
/// The same calls give the same bytes everywhere: only the four operations and square roots of
/// IEEE arithmetic are used.
public struct RasterCanvas: Canvas {
  /// What has been drawn so far, `rgb`.
  public private(set) var bitmap: Bitmap
  private var clip: Rect

  /// A canvas of one colour, whose alpha is left out of account.
  public init(size: PixelSize, background: Color = .white) {
    let pixel = [background.red, background.green, background.blue]
    bitmap = Bitmap(size: size, layout: .rgb, filledWith: pixel)
    clip = Rect(x: 0, y: 0, width: Double(size.width), height: Double(size.height))
  }

  /// A canvas that begins as a picture, flattened on white.
  public init(over picture: Bitmap) {
    bitmap = picture.opaqueRGB
    clip = Rect(x: 0, y: 0, width: Double(picture.width), height: Double(picture.height))
  }

  public var bounds: Rect {
    Rect(x: 0, y: 0, width: Double(bitmap.width), height: Double(bitmap.height))
  }

  public mutating func fill(_ path: Path, with color: Color) {
    fill(path.flattened().map(\.points), with: color)
  }

  public mutating func stroke(_ path: Path, with color: Color, style: StrokeStyle) {
    fill(path.stroked(style), with: color)
  }

  public mutating func draw(_ text: String, at anchor: Point, style: TextStyle) {
    let lettering = Lettering(text, at: anchor, style: style, snapsToPixels: true)
    stroke(lettering.path, with: style.color, style: .round(width: lettering.lineWidth))
  }

  public mutating func draw(_ picture: Bitmap, in rect: Rect) {
    let target = rect.intersection(clip)
    guard target.width > 0, target.height > 0 else { return }
    let picture = picture.opaqueRGB
    let columns = Self.shares(target.x, target.maxX)
    let rows = Self.shares(target.y, target.maxY)
    // Where a pixel's centre lies outside the rectangle, the nearest picture pixel is taken.
    func source(_ pixel: Int, _ origin: Double, _ length: Double, _ count: Int) -> Int {
      let position = (Double(pixel) + 0.5 - origin) / length * Double(count)
      return Int(min(max(position, 0), Double(count - 1)))
    }
    let sourceColumns = columns.map { source($0.pixel, rect.x, rect.width, picture.width) }
    let width = bitmap.width
    picture.withSamples { from in
      bitmap.withMutableSamples { to in
        for row in rows {
          let line = source(row.pixel, rect.y, rect.height, picture.height) * picture.width
          for (column, sourceColumn) in zip(columns, sourceColumns) {
            let share = Float(row.share * column.share)
            let at = (row.pixel * width + column.pixel) * 3
            let source = (line + sourceColumn) * 3
            for channel in 0..<3 {
              to[at + channel] = Self.mix(to[at + channel], from[source + channel], share)
            }
          }
        }
      }
    }
  }

  public mutating func clipped(to rect: Rect, _ body: (inout RasterCanvas) -> Void) {
    let outer = clip
    clip = clip.intersection(rect)
    body(&self)
    clip = outer
  }

  // MARK: - Pixels

  private mutating func fill(_ polygons: [[Point]], with color: Color) {
    guard color.alpha > 0, clip.width > 0, clip.height > 0 else { return }
    // The drawing's extent keeps the work and the row buffers small.
    var (left, top) = (clip.maxX, clip.maxY)
    var (right, bottom) = (clip.x, clip.y)
    for polygon in polygons {
      for point in polygon {
        left = min(left, point.x)
        right = max(right, point.x)
        top = min(top, point.y)
        bottom = max(bottom, point.y)
      }
    }
    let columns = Self.shares(max(left, clip.x), min(right, clip.maxX))
    let rows = Self.shares(max(top, clip.y), min(bottom, clip.maxY))
    guard let firstColumn = columns.first?.pixel, let firstRow = rows.first?.pixel else { return }
    var coverage = Coverage(
      columns: firstColumn..<(firstColumn + columns.count),
      rows: firstRow..<(firstRow + rows.count)
    )
    for polygon in polygons { coverage.add(polygon) }

    let (clip, opacity) = (clip, Float(color.alpha) / 255)
    let width = bitmap.width
    bitmap.withMutableSamples { samples in
      coverage.forEachRow { row, column, shares in
        let rowShare = Self.share(of: row, clip.y, clip.maxY)
        var at = (row * width + column) * 3
        for (pixel, share) in zip(column..., shares) {
          let share = share * opacity * rowShare * Self.share(of: pixel, clip.x, clip.maxX)
          samples[at] = Self.mix(samples[at], color.red, share)
          samples[at + 1] = Self.mix(samples[at + 1], color.green, share)
          samples[at + 2] = Self.mix(samples[at + 2], color.blue, share)
          at += 3
        }
      }
    }
  }

  private static func mix(_ below: UInt8, _ above: UInt8, _ share: Float) -> UInt8 {
    UInt8(Float(below) + (Float(above) - Float(below)) * share + 0.5)
  }

  /// How much of a pixel lies between two positions.
  private static func share(of pixel: Int, _ low: Double, _ high: Double) -> Float {
    Float(min(max(min(Double(pixel + 1), high) - max(Double(pixel), low), 0), 1))
  }

  /// The pixels that an interval touches, with the share of each that it covers.
  private static func shares(_ low: Double, _ high: Double) -> [(pixel: Int, share: Float)] {
    guard low < high else { return [] }
    return (Int(low.rounded(.down))..<Int(high.rounded(.up))).map { ($0, share(of: $0, low, high)) }
  }
}

extension Image<UInt8> {
  /// The picture as `rgb`, its alpha flattened on white.
  var opaqueRGB: Bitmap {
    if layout == .rgb { return self }
    let channels = layout.channels
    let colors = layout.opaque.channels
    return Bitmap(
      size: size,
      layout: .rgb,
      unsafeUninitializedSamples: { buffer in
        withSamples { samples in
          for pixel in 0..<size.area {
            let alpha = layout.hasAlpha ? Int(samples[pixel * channels + channels - 1]) : 255
            for channel in 0..<3 {
              let value = Int(samples[pixel * channels + min(channel, colors - 1)])
              let flattened = (value * alpha + 255 * (255 - alpha) + 127) / 255
              buffer.initializeElement(at: pixel * 3 + channel, to: UInt8(flattened))
            }
          }
        }
      }
    )
  }
}
