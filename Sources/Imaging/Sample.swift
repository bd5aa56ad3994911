/// One component of a pixel: `UInt8` or `UInt16` code values, or `Float` of any range.
public protocol Sample: BitwiseCopyable, Comparable, Sendable {
  /// The value that stands for full intensity: 255, 65535, or 1.
  static var fullScale: Float { get }

  /// The nearest representable value; code values round half up and saturate at their ends.
  init(nearest value: Float)

  /// The value as a `Float`, unscaled.
  var value: Float { get }
}

extension UInt8: Sample {
  public static var fullScale: Float { 255 }
  public init(nearest value: Float) { self = UInt8(Swift.min(Swift.max(value, 0), 255) + 0.5) }
  public var value: Float { Float(self) }
}

extension UInt16: Sample {
  public static var fullScale: Float { 65535 }
  public init(nearest value: Float) { self = UInt16(Swift.min(Swift.max(value, 0), 65535) + 0.5) }
  public var value: Float { Float(self) }
}

extension Float: Sample {
  public static var fullScale: Float { 1 }
  public init(nearest value: Float) { self = value }
  public var value: Float { self }
}
