/// Distances from simple shapes, after I. Quilez.
enum Distance {
  /// A box about the origin with rounded edges; `half` includes the rounding.
  @inline(__always) static func box(_ p: Vector, half: Triple, rounding: Float) -> Lanes {
    let q = p.size - (half - rounding)
    let outside = Vector(greater(q.x, 0), greater(q.y, 0), greater(q.z, 0))
    return outside.length + lesser(greater(q.x, greater(q.y, q.z)), 0) - rounding
  }

  /// A ring about the y axis.
  @inline(__always) static func torus(_ p: Vector, radius: Float, thickness: Float) -> Lanes {
    let q = (p.x * p.x + p.z * p.z).squareRoot() - radius
    return (q * q + p.y * p.y).squareRoot() - thickness
  }

  /// A rectangle in the plane of (radius, height), that is, a cylinder, with rounded edges.
  @inline(__always) static func rectangle(
    _ x: Lanes, _ y: Lanes, halfWidth: Float, halfHeight: Float, rounding: Float
  ) -> Lanes {
    let qx = x.size - (halfWidth - rounding)
    let qy = y.size - (halfHeight - rounding)
    let (ox, oy) = (greater(qx, 0), greater(qy, 0))
    return (ox * ox + oy * oy).squareRoot() + lesser(greater(qx, qy), 0) - rounding
  }

  /// An ellipsoid; exact on the surface, a bound nearby.
  @inline(__always) static func ellipsoid(_ p: Vector, _ radii: Triple) -> Lanes {
    let scaled = Vector(p.x * (1 / radii.x), p.y * (1 / radii.y), p.z * (1 / radii.z))
    let twice = Vector(
      scaled.x * (1 / radii.x), scaled.y * (1 / radii.y), scaled.z * (1 / radii.z))
    let k = scaled.length
    return k * (k - 1) / greater(twice.length, 1e-6)
  }

  /// The line from a to b, as thick as `radius` at a, tapering to `end` at b.
  @inline(__always) static func capsule(
    _ p: Vector, _ a: Triple, _ b: Triple, radius: Float, end: Float
  ) -> Lanes {
    let axis = b - a
    let fromA = p - a
    let t = (fromA.dot(axis) * (1 / axis.dot(axis))).saturated
    let d = fromA - Vector(axis.x * t, axis.y * t, axis.z * t)
    return d.length - (radius + (end - radius) * t)
  }
}

/// The distance to the y axis.
extension Vector {
  @inline(__always) var fromAxis: Lanes { (x * x + z * z).squareRoot() }
}
