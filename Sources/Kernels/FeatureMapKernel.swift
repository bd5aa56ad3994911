/// A kernel on feature maps `[N, C, H, W]` that can do the same where channels lie innermost,
/// `[N, H, W, C]`, as the fast engine's convolutions have them.
public protocol FeatureMapKernel: Kernel {
  /// The same operation on operands with channels last.
  ///
  /// `place` gives the twin `[N, H, W, C]` of an operand `[N, C, H, W]`, and nil for what has to stay as
  /// it is; it is asked only for operands that the kernel has. Operands that have no channels, such as
  /// factors `[C]`, stay. Nil where the operation has no such form.
  func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)?

  /// Whether it pays to bring operands into this order for the kernel's sake. Others follow what
  /// their neighbours do.
  var prefersChannelsLast: Bool { get }
}

extension FeatureMapKernel {
  public var prefersChannelsLast: Bool { false }
}
