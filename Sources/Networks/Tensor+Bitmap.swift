public import Imaging
public import Tensors

extension Tensor {
  /// A picture as a network sees it: `[1, C, H, W]`, values 0...1, C being 1 for gray and 3 for RGB.
  /// Traps on a picture with alpha; `Bitmap.opaque(_:)` settles that first.
  public init(pixels bitmap: Bitmap) {
    precondition(!bitmap.layout.hasAlpha, "a network sees no alpha; got \(bitmap.layout)")
    let (area, channels) = (bitmap.size.area, bitmap.channels)
    self = bitmap.withSamples { samples in
      Tensor(shape: [1, channels, bitmap.height, bitmap.width]) { target in
        for channel in 0..<channels {
          for position in 0..<area {
            target.initializeElement(
              at: channel * area + position,
              to: Float(samples[position * channels + channel]) / 255)
          }
        }
      }
    }
  }
}

extension Image<UInt8> {
  /// The picture of a tensor `[1, C, H, W]` with C of 1 or 3: values 0...1 become the nearest of 256
  /// levels, those beyond saturate, and what is no number becomes black. Traps on another shape.
  public init(_ pixels: Tensor) {
    let shape = pixels.shape
    precondition(
      shape.rank == 4 && shape[0] == 1 && [1, 3].contains(shape[1]) && shape.count > 0,
      "a picture is [1, 1, H, W] or [1, 3, H, W], got \(shape)")
    let (area, channels) = (shape[2] * shape[3], shape[1])
    self = pixels.withScalars { scalars in
      Bitmap(
        size: PixelSize(width: shape[3], height: shape[2]), layout: channels == 1 ? .gray : .rgb
      ) { target in
        for index in target.indices {
          let value = scalars[index % channels * area + index / channels]
          target.initializeElement(at: index, to: UInt8(nearest: value.isNaN ? 0 : value * 255))
        }
      }
    }
  }
}
