import Imaging
import Networks
import Tensors

extension InversionProfile {
  /// Deviation of the published blur, in pixels.
  private static let blurRadius: Float = 11

  /// What is seen where a mask is closed: one picture `[1, C, H, W]` for each background.
  ///
  /// The published profiles blur by a deviation of 11 pixels: the paper the input, its authors' program
  /// the picture before it is scaled. Their mean colour is ImageNet's. How strong their noise is, is
  /// not published; it is ours in all profiles.
  func backgrounds(_ mixture: BaselineMixture, of subject: Subject) -> [Tensor] {
    let input = subject.input
    return mixture.baselines.enumerated().map { draw, baseline in
      switch (self, baseline) {
      case (.paper, .blur):
        input.mapPlanes { $0.blurred(radius: Self.blurRadius).samples }
      case (.authorsCode, .blur):
        subject.blurredBeforeScaling(radius: Self.blurRadius)
      case (.paper, .mean), (.authorsCode, .mean):
        input.filled(with: [0.485, 0.456, 0.406])
      default:
        baseline.tensor(for: input, seed: subject.seed, draw: draw)
      }
    }
  }
}

extension Subject {
  /// The input that a blurred picture gives, scaled bilinearly.
  fileprivate func blurredBeforeScaling(radius: Float) -> Tensor {
    let seen = input.shape[1] == 1 ? picture.luminance : picture.colored
    return Tensor(pixels: placement.input(from: seen.blurred(radius: radius)))
  }
}

extension Tensor {
  /// `[N, C, H, W]` with a colour everywhere, or its mean where there are not three channels.
  fileprivate func filled(with color: [Float]) -> Tensor {
    let isColored = shape[1] == color.count
    let gray = color.reduce(0, +) / Float(color.count)
    let plane = shape[2] * shape[3]
    return Tensor(
      (0..<shape[0] * shape[1]).flatMap { index in
        [Float](repeating: isColored ? color[index % color.count] : gray, count: plane)
      }, shape: shape)
  }
}
