/// A function that is steep around 0 and levels off on both sides.
public protocol SaturatingFunction: NamedFunction {
  /// The r for which the slope is at least `slope` wherever |x| < r; where the function is nowhere as
  /// steep, at least nine tenths of its steepest slope. Nil for parameters with which it does not level
  /// off on both sides of 0.
  func reach(ofSlope slope: Float) -> Float?
}

extension SaturatingFunction {
  /// A slope as a part of the steepest one.
  static func share(_ slope: Float, of steepest: Float) -> Float { min(slope / steepest, 0.9) }
}

/// A layer that levels off as its function does.
protocol SaturatingLayer: Layer {
  /// As `SaturatingFunction.reach(ofSlope:)`.
  func reach(ofSlope slope: Float) -> Float?
}

extension Pointwise: SaturatingLayer where F: SaturatingFunction {
  func reach(ofSlope slope: Float) -> Float? { function.reach(ofSlope: slope) }
}
