import CKernels

/// A function of one element that the fast engine has a kernel for.
///
/// Their values may differ from those of the portable kernels by a few units in the last place, for
/// they have an exponential of their own.
public struct VectorFunction: Sendable {
  let kind: tm_function
  let a: Float
  let b: Float

  private init(_ kind: tm_function, _ a: Float = 0, _ b: Float = 0) {
    self.kind = kind
    self.a = a
    self.b = b
  }

  /// max(x, 0)
  public static var rectifier: Self { Self(TM_RECTIFIER) }
  /// x, or slope · x below zero.
  public static func leakyRectifier(slope: Float) -> Self { Self(TM_LEAKY_RECTIFIER, slope) }
  /// x within low...high.
  public static func clip(low: Float, high: Float) -> Self { Self(TM_CLIP, low, high) }
  /// 1 / (1 + e⁻ˣ)
  public static var logistic: Self { Self(TM_LOGISTIC) }
  /// x / (1 + exp(−alpha · x))
  public static func swish(alpha: Float) -> Self { Self(TM_SWISH, alpha) }
  /// alpha · x + beta within 0...1.
  public static func hardLogistic(alpha: Float, beta: Float) -> Self {
    Self(TM_HARD_LOGISTIC, alpha, beta)
  }
  /// x · (x / 6 + ½ within 0...1)
  public static var hardSwish: Self { Self(TM_HARD_SWISH) }
  public static var hyperbolicTangent: Self { Self(TM_TANGENT) }
  /// eˣ
  public static var exponential: Self { Self(TM_EXPONENTIAL) }
  /// x · Φ(x), Φ being the normal distribution.
  public static var gaussianLinear: Self { Self(TM_GAUSSIAN_LINEAR) }
  /// The same by a hyperbolic tangent.
  public static var approximateGaussianLinear: Self { Self(TM_GAUSSIAN_TANGENT) }
}

extension Map: AcceleratedKernel {
  func acceleratedStep(in memory: Memory) -> (any Step)? {
    guard let vectors = function.accelerated else { return nil }
    let (input, output) = (input, output)
    return VectorStep(in: memory) {
      tm_map(
        vectors.kind, vectors.a, vectors.b, $0.read(input), $0.write(output), output.count)
    }
  }
}

extension MapPullback: AcceleratedKernel {
  func acceleratedStep(in memory: Memory) -> (any Step)? {
    guard let vectors = function.accelerated else { return nil }
    let (dy, subject, dx) = (outputCotangent, subject, inputCotangent)
    let accumulates = accumulates
    return VectorStep(in: memory) {
      tm_map_pull(
        vectors.kind, vectors.a, vectors.b, $0.read(dy), $0.read(subject), $0.write(dx), dx.count,
        accumulates)
    }
  }
}

extension RectifierPullback: AcceleratedKernel {
  func acceleratedStep(in memory: Memory) -> (any Step)? {
    let (dy, y, dx) = (outputCotangent, output, inputCotangent)
    let accumulates = accumulates
    let isRead = rule != .deconvolution
    let rule =
      switch rule {
      case .exact: TM_RULE_EXACT
      case .guided: TM_RULE_GUIDED
      case .deconvolution: TM_RULE_DECONVOLUTION
      }
    return VectorStep(in: memory) {
      tm_rectifier_pull(
        rule, $0.read(dy), isRead ? $0.read(y) : nil, $0.write(dx), dx.count, accumulates)
    }
  }
}
