public import Imaging
public import Tensors

/// A picture on its way through the network.
public struct Subject: Sendable {
  /// The picture as the user knows it: upright, opaque.
  public let picture: Bitmap
  /// What the network sees of it: `[1, C, H, W]`, values 0...1.
  public let input: Tensor
  /// Where the input lies in the picture.
  public let placement: Placement
  /// Where the input must not be changed, `[H, W]`: anything but 0. Nil where all may change.
  public let kept: Tensor?
  /// Random numbers for this picture start here. It comes from the picture's content and the run's
  /// seed, never from its place in a run.
  public let seed: UInt64

  public init(
    picture: Bitmap, input: Tensor, placement: Placement, kept: Tensor? = nil, seed: UInt64
  ) {
    self.picture = picture
    self.input = input
    self.placement = placement
    self.kept = kept
    self.seed = seed
  }
}
