/// How a stored picture is to be turned to stand upright, numbered as in EXIF.
public enum Orientation: Int, Sendable, Codable, CaseIterable {
  case upright = 1
  case mirrored = 2
  case upsideDown = 3
  case upsideDownMirrored = 4
  /// Mirrored along the diagonal from top left to bottom right.
  case transposed = 5
  /// Lies on its left side: turned clockwise to stand.
  case turnedLeft = 6
  /// Mirrored along the other diagonal.
  case antitransposed = 7
  /// Lies on its right side: turned anticlockwise to stand.
  case turnedRight = 8

  /// Whether rows become columns.
  public var swapsSides: Bool { rawValue >= 5 }
}

extension Image {
  /// The picture turned upright.
  @specialized(where S == UInt8)
  public func oriented(_ orientation: Orientation) -> Image {
    guard orientation != .upright else { return self }
    let target =
      orientation.swapsSides ? PixelSize(width: height, height: width) : size
    let (lastX, lastY, channels, width) = (width - 1, height - 1, channels, width)
    return withSamples { source in
      Image(size: target, layout: layout) { samples in
        var index = 0
        for y in 0..<target.height {
          for x in 0..<target.width {
            let (sourceX, sourceY) =
              switch orientation {
              case .upright: (x, y)
              case .mirrored: (lastX - x, y)
              case .upsideDown: (lastX - x, lastY - y)
              case .upsideDownMirrored: (x, lastY - y)
              case .transposed: (y, x)
              case .turnedLeft: (y, lastY - x)
              case .antitransposed: (lastX - y, lastY - x)
              case .turnedRight: (lastX - y, x)
              }
            let start = (sourceY * width + sourceX) * channels
            for channel in 0..<channels {
              samples.initializeElement(at: index, to: source[start + channel])
              index += 1
            }
          }
        }
      }
    }
  }
}
