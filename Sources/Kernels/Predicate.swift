/// A statement about two numbers, as a function that is 1 where it holds and 0 elsewhere. It is flat
/// wherever it has a derivative.
public protocol Predicate: BinaryFunction {
  static func holds(_ a: Float, _ b: Float) -> Bool
}

extension Predicate {
  @inlinable @inline(__always)
  public static func value(_ a: Float, _ b: Float) -> Float { holds(a, b) ? 1 : 0 }
  public static func slopes(_ a: Float, _ b: Float) -> (first: Float, second: Float) { (0, 0) }
  public static var slopesReadOperands: Bool { false }
}

/// a < b.
public enum IsLess: Predicate {
  public static func holds(_ a: Float, _ b: Float) -> Bool { a < b }
}

/// a ≤ b.
public enum IsLessOrEqual: Predicate {
  public static func holds(_ a: Float, _ b: Float) -> Bool { a <= b }
}

/// a > b.
public enum IsGreater: Predicate {
  public static func holds(_ a: Float, _ b: Float) -> Bool { a > b }
}

/// a ≥ b.
public enum IsGreaterOrEqual: Predicate {
  public static func holds(_ a: Float, _ b: Float) -> Bool { a >= b }
}

/// a = b.
public enum IsEqual: Predicate {
  public static func holds(_ a: Float, _ b: Float) -> Bool { a == b }
}

/// Neither a nor b is 0.
public enum AreBothTrue: Predicate {
  public static func holds(_ a: Float, _ b: Float) -> Bool { a != 0 && b != 0 }
}

/// a or b is not 0.
public enum IsAnyTrue: Predicate {
  public static func holds(_ a: Float, _ b: Float) -> Bool { a != 0 || b != 0 }
}

/// Just one of a and b is 0.
public enum IsOneTrue: Predicate {
  public static func holds(_ a: Float, _ b: Float) -> Bool { (a != 0) != (b != 0) }
}
