/// One component of a pixel: `UInt8` or `UInt16` code values, or `Float` of any range.
public protocol Sample: BitwiseCopyable, Comparable, Sendable {
  /// The value that stands for full intensity: 255, 65535, or 1.
  static var fullScale: Float { get }

  /// The nearest representable value; code values round half up, saturate at their ends and take NaN
  /// for 0.
  init(nearest value: Float)

  /// The value as a `Float`, unscaled.
  var value: Float { get }
}

extension UInt8: Sample {
  public static var fullScale: Float { 255 }
  public init(nearest value: Float) {
    self = value >= 255 ? 255 : value > 0 ? UInt8(value + 0.5) : 0
  }
  public var value: Float { Float(self) }
}

extension UInt16: Sample {
  public static var fullScale: Float { 65535 }
  public init(nearest value: Float) {
    self = value >= 65535 ? 65535 : value > 0 ? UInt16(value + 0.5) : 0
  }
  public var value: Float { Float(self) }
}

extension Float: Sample {
  public static var fullScale: Float { 1 }
  public init(nearest value: Float) { self = value }
  public var value: Float { self }
}
