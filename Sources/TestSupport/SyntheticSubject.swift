public import Explanations
import Imaging
public import Tensors

extension Subject {
  /// A subject for methods alone: an input without a picture of its own.
  public static func synthetic(_ input: Tensor, kept: Tensor? = nil, seed: UInt64 = 0) -> Subject {
    let size = PixelSize(width: input.shape[3], height: input.shape[2])
    return Subject(
      picture: Bitmap(size: size, layout: .gray, filledWith: [128]), input: input,
      placement: Placement(picture: size, scaled: size, window: size.bounds), kept: kept,
      seed: seed)
  }
}
