extension Tensor {
  /// A new tensor whose scalars are `transform` of this one's.
  public func map(_ transform: (Float) -> Float) -> Tensor {
    withScalars { source in
      Tensor(shape: shape) { target in
        for index in source.indices {
          target.initializeElement(at: index, to: transform(source[index]))
        }
      }
    }
  }

  /// Scalar by scalar. Traps unless the shapes are equal.
  public func zip(with other: Tensor, _ combine: (Float, Float) -> Float) -> Tensor {
    precondition(shape == other.shape, "shapes differ: \(shape) and \(other.shape)")
    return withScalars { a in
      other.withScalars { b in
        Tensor(shape: shape) { target in
          for index in a.indices {
            target.initializeElement(at: index, to: combine(a[index], b[index]))
          }
        }
      }
    }
  }

  public static func + (a: Tensor, b: Tensor) -> Tensor { a.zip(with: b, +) }
  public static func - (a: Tensor, b: Tensor) -> Tensor { a.zip(with: b, -) }
  public static func * (a: Tensor, b: Tensor) -> Tensor { a.zip(with: b, *) }
  public static func * (factor: Float, a: Tensor) -> Tensor { a.map { factor * $0 } }
  public static func += (a: inout Tensor, b: Tensor) { a.add(b, scaledBy: 1) }

  /// Adds a multiple of another tensor in place. Traps unless the shapes are equal.
  public mutating func add(_ other: Tensor, scaledBy factor: Float) {
    precondition(shape == other.shape, "shapes differ: \(shape) and \(other.shape)")
    other.withScalars { source in
      withMutableScalars { target in
        for index in source.indices { target[index] += factor * source[index] }
      }
    }
  }

  /// Sum of all scalars, accumulated in double precision.
  public var sum: Double { withScalars { $0.reduce(0) { $0 + Double($1) } } }

  /// Largest magnitude; 0 for an empty tensor. NaN where any scalar is NaN.
  public var largestMagnitude: Float {
    withScalars { scalars in
      var largest: Float = 0
      for scalar in scalars {
        if scalar.isNaN { return .nan }
        largest = max(largest, scalar.magnitude)
      }
      return largest
    }
  }

  /// Whether every scalar is a number of finite size.
  public var isFinite: Bool { withScalars { $0.allSatisfy(\.isFinite) } }

  /// Sum of products, accumulated in double precision. Traps unless the counts agree.
  public func dot(_ other: Tensor) -> Double {
    precondition(count == other.count, "\(shape) and \(other.shape) have no scalar product")
    return withScalars { a in
      other.withScalars { b in
        var sum = 0.0
        for index in a.indices { sum += Double(a[index]) * Double(b[index]) }
        return sum
      }
    }
  }
}
