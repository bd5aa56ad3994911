import Imaging
public import Tensors

/// What stands for "nothing there" in a comparison.
public enum Baseline: String, NamedOption {
  /// All pixels 0.
  case black
  /// All pixels 1.
  case white
  /// The picture's mean colour.
  case mean
  /// The picture under a Gaussian of a sixteenth of its shorter side.
  case blur
  /// Every value anywhere in 0...1, chosen by the seed.
  case noise

  /// The baseline for an input, of the same shape `[1, C, H, W]`.
  ///
  /// - Parameters:
  ///   - seed: the subject's, for noise.
  ///   - draw: tells several pictures of noise apart.
  public func tensor(for input: Tensor, seed: UInt64 = 0, draw: Int = 0) -> Tensor {
    switch self {
    case .black: Tensor(zeros: input.shape)
    case .white: Tensor(repeating: 1, shape: input.shape)
    case .noise:
      CounterRandom(seed: seed, stream: RandomStream.baseline).uniform(input.shape, sample: draw)
    case .mean:
      input.mapPlanes { plane in
        let mean = plane.samples.reduce(0) { $0 + Double($1) } / Double(plane.samples.count)
        return [Float](repeating: Float(mean), count: plane.samples.count)
      }
    case .blur:
      input.mapPlanes { plane in
        let radius = Float(min(plane.width, plane.height)) / 16
        return plane.blurred(radius: radius).samples
      }
    }
  }
}

extension Tensor {
  /// `[N, C, H, W]` with every plane replaced by as many values.
  func mapPlanes(_ transform: (Image<Float>) -> [Float]) -> Tensor {
    let size = PixelSize(width: shape[3], height: shape[2])
    return withScalars { scalars in
      Tensor(
        (0..<shape[0] * shape[1]).flatMap { plane in
          let values = Array(scalars[plane * size.area..<(plane + 1) * size.area])
          return transform(Image(size: size, layout: .gray, samples: values))
        }, shape: shape)
    }
  }
}
