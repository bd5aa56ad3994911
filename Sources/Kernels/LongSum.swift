/// Sums whose rounding does not grow with their length: blocks of a few hundred terms are added up in
/// single precision, as vectors, and the blocks in double precision.
enum LongSum {
  private static let blockLength = 256

  /// Σ x[i].
  static func sum(_ x: UnsafePointer<Float>, count: Int) -> Double {
    blocks(of: count) { start, count in Matrices.sum(x + start, count: count) }
  }

  /// Σ f(x[i]).
  @inline(__always)
  static func sum(
    _ x: UnsafePointer<Float>, count: Int, of function: (Float) -> Float
  ) -> Double {
    blocks(of: count) { start, count in
      let x = x + start
      return Matrices.interleaved(count: count) { index in
        var values = SIMD16<Float>.zero
        for lane in 0..<16 { values[lane] = function(x[index + lane]) }
        return values
      } rest: {
        function(x[$0])
      }
    }
  }

  /// Σ a[i]·b[i].
  static func dot(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int
  ) -> Double {
    blocks(of: count) { start, count in Matrices.dot(a + start, b + start, count: count) }
  }

  /// Σ (x[i] − centre)².
  static func squares(_ x: UnsafePointer<Float>, about centre: Float, count: Int) -> Double {
    blocks(of: count) { start, count in
      let x = x + start
      let middle = SIMD16<Float>(repeating: centre)
      return Matrices.interleaved(count: count) { index in
        let distance = UnsafeRawPointer(x + index).loadUnaligned(as: SIMD16<Float>.self) - middle
        return distance * distance
      } rest: {
        (x[$0] - centre) * (x[$0] - centre)
      }
    }
  }

  @inline(__always)
  private static func blocks(
    of count: Int, _ sum: (_ start: Int, _ count: Int) -> Float
  ) -> Double {
    var total = 0.0
    for start in stride(from: 0, to: count, by: blockLength) {
      total += Double(sum(start, min(blockLength, count - start)))
    }
    return total
  }
}
