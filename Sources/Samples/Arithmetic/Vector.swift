/// Eight points, directions or colours.
struct Vector {
  var x: Lanes
  var y: Lanes
  var z: Lanes

  @inline(__always) init(_ x: Lanes, _ y: Lanes, _ z: Lanes) {
    self.x = x
    self.y = y
    self.z = z
  }

  /// The same in all lanes.
  @inline(__always) init(_ all: Triple) {
    self.init(Lanes(repeating: all.x), Lanes(repeating: all.y), Lanes(repeating: all.z))
  }

  @inline(__always) static func + (a: Vector, b: Vector) -> Vector {
    Vector(a.x + b.x, a.y + b.y, a.z + b.z)
  }

  @inline(__always) static func - (a: Vector, b: Vector) -> Vector {
    Vector(a.x - b.x, a.y - b.y, a.z - b.z)
  }

  @inline(__always) static func + (a: Vector, b: Triple) -> Vector {
    Vector(a.x + b.x, a.y + b.y, a.z + b.z)
  }

  @inline(__always) static func - (a: Vector, b: Triple) -> Vector {
    Vector(a.x - b.x, a.y - b.y, a.z - b.z)
  }

  @inline(__always) static func * (a: Vector, b: Vector) -> Vector {
    Vector(a.x * b.x, a.y * b.y, a.z * b.z)
  }

  @inline(__always) static func * (a: Vector, b: Lanes) -> Vector {
    Vector(a.x * b, a.y * b, a.z * b)
  }

  @inline(__always) static func * (a: Vector, b: Float) -> Vector {
    Vector(a.x * b, a.y * b, a.z * b)
  }

  @inline(__always) func dot(_ other: Vector) -> Lanes { x * other.x + y * other.y + z * other.z }

  @inline(__always) func dot(_ other: Triple) -> Lanes { x * other.x + y * other.y + z * other.z }

  @inline(__always) var length: Lanes { dot(self).squareRoot() }

  /// Of length 1; traps never, and gives something finite for lengths near 0.
  @inline(__always) var direction: Vector { self * (1 / greater(dot(self), 1e-20).squareRoot()) }

  /// All parts without their signs.
  @inline(__always) var size: Vector { Vector(x.size, y.size, z.size) }

  @inline(__always) func mixed(with other: Vector, _ weight: Lanes) -> Vector {
    Vector(mix(x, other.x, weight), mix(y, other.y, weight), mix(z, other.z, weight))
  }

  @inline(__always) func replacing(with other: Vector, where mask: LaneMask) -> Vector {
    Vector(
      x.replacing(with: other.x, where: mask), y.replacing(with: other.y, where: mask),
      z.replacing(with: other.z, where: mask))
  }
}

/// One point, direction or colour (linear light, 0...1).
typealias Triple = SIMD3<Float>

extension SIMD3<Float> {
  func dot(_ other: Triple) -> Float { x * other.x + y * other.y + z * other.z }

  var length: Float { dot(self).squareRoot() }

  var direction: Triple { self / length }

  func cross(_ b: Triple) -> Triple {
    Triple(y * b.z - z * b.y, z * b.x - x * b.z, x * b.y - y * b.x)
  }

  /// How light a colour is to the eye.
  var luminance: Float { dot(Triple(0.2126, 0.7152, 0.0722)) }

  func mixed(with other: Triple, _ weight: Float) -> Triple { self + (other - self) * weight }
}

/// A rotation, by the images of the three axes.
struct Rotation {
  let columns: (Triple, Triple, Triple)

  /// Spins about y, tilts about z, then about x, and at last turns about y again; angles in turns.
  init(spin: Float = 0, yaw: Float = 0, pitch: Float = 0, roll: Float = 0) {
    func pair(_ angle: Float) -> (sine: Float, cosine: Float) {
      let both = sine(turns: Lanes(angle, angle + 0.25, 0, 0, 0, 0, 0, 0))
      let (s, c) = (both[0], both[1])
      let length = (s * s + c * c).squareRoot()
      return (s / length, c / length)
    }
    let (a, b, c, d) = (pair(yaw), pair(pitch), pair(roll), pair(spin))
    func turned(_ o: Triple) -> Triple {
      let v = Triple(o.x * d.cosine + o.z * d.sine, o.y, o.z * d.cosine - o.x * d.sine)
      let r = Triple(v.x * c.cosine - v.y * c.sine, v.x * c.sine + v.y * c.cosine, v.z)
      let p = Triple(r.x, r.y * b.cosine - r.z * b.sine, r.y * b.sine + r.z * b.cosine)
      return Triple(p.x * a.cosine + p.z * a.sine, p.y, p.z * a.cosine - p.x * a.sine)
    }
    columns = (turned(Triple(1, 0, 0)), turned(Triple(0, 1, 0)), turned(Triple(0, 0, 1)))
  }

  func applied(to v: Triple) -> Triple {
    columns.0 * v.x + columns.1 * v.y + columns.2 * v.z
  }

  func undone(on v: Triple) -> Triple {
    Triple(columns.0.dot(v), columns.1.dot(v), columns.2.dot(v))
  }

  @inline(__always) func undone(on v: Vector) -> Vector {
    Vector(v.dot(columns.0), v.dot(columns.1), v.dot(columns.2))
  }

  @inline(__always) func applied(to v: Vector) -> Vector {
    Vector(
      v.x * columns.0.x + v.y * columns.1.x + v.z * columns.2.x,
      v.x * columns.0.y + v.y * columns.1.y + v.z * columns.2.y,
      v.x * columns.0.z + v.y * columns.1.z + v.z * columns.2.z)
  }
}
