/// A pinhole one unit above the floor (y = 0), looking along z and down.
///
/// Places in the picture are (u, v) in −1...1, v upwards.
struct Camera {
  static let height: Float = 1
  /// The picture's half width is 1 at this distance.
  let focalLength: Float
  let forward: Triple
  let up: Triple

  /// - Parameter pitch: how far it looks down, in turns.
  init(pitch: Float, focalLength: Float) {
    self.focalLength = focalLength
    let tilt = Rotation(yaw: 0, pitch: pitch)
    forward = tilt.applied(to: Triple(0, 0, 1))
    up = tilt.applied(to: Triple(0, 1, 0))
  }

  var position: Triple { Triple(0, Self.height, 0) }

  func direction(_ u: Float, _ v: Float) -> Triple {
    (Triple(u, 0, 0) + up * v + forward * focalLength).direction
  }

  @inline(__always) func directions(_ u: Lanes, _ v: Lanes) -> Vector {
    Vector(
      u, v * up.y + focalLength * forward.y, v * up.z + focalLength * forward.z
    ).direction
  }

  /// Where a point is seen, and how far away along the line of sight.
  func place(of point: Triple) -> (u: Float, v: Float, depth: Float) {
    let d = point - position
    let depth = d.dot(forward)
    return (focalLength * d.x / depth, focalLength * d.dot(up) / depth, depth)
  }

  /// Where a ball must be that lies on the floor, its centre `lift` radii above it, in order to be seen
  /// at (u, v) with the radius `size` (about, and in the same units); nil where the floor is too far.
  func standing(u: Float, v: Float, size: Float, lift: Float) -> (center: Triple, radius: Float)? {
    let d = direction(u, v)
    // At distance t the radius is r = size · depth / focal length, and the height lift · r.
    let perDistance = size * d.dot(forward) / focalLength
    let fall = lift * perDistance - d.y
    guard fall > 0.07 else { return nil }
    let t = Self.height / fall
    return (position + d * t, perDistance * t)
  }
}
