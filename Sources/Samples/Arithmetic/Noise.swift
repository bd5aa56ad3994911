/// Smooth randomness in space.
enum Noise {
  @inline(__always) private static func mixed(_ bits: SIMD8<UInt32>) -> SIMD8<UInt32> {
    var h = bits
    h ^= h &>> 15
    h = h &* 0x2C1B_3C6D
    h ^= h &>> 13
    return h
  }

  @inline(__always) private static func unit(_ bits: SIMD8<UInt32>) -> Lanes {
    unsafeBitCast((bits &>> 9) | 0x3F80_0000, to: Lanes.self) - 1
  }

  /// A number in 0..<1 for each whole point.
  @inline(__always) static func cell(_ p: Vector, _ seed: UInt32) -> Lanes {
    let bits =
      (p.x.wholeBits &* 0x8DA6_B343) ^ (p.y.wholeBits &* 0xD816_3841)
      ^ (p.z.wholeBits &* 0xCB1A_B31F) ^ seed
    return unit(mixed(mixed(bits) &* 0x9E37_79B1))
  }

  /// Three independent numbers in 0..<1 for each whole point.
  @inline(__always) static func cells(_ p: Vector, _ seed: UInt32) -> Vector {
    let bits = mixed(
      (p.x.wholeBits &* 0x8DA6_B343) ^ (p.y.wholeBits &* 0xD816_3841)
        ^ (p.z.wholeBits &* 0xCB1A_B31F) ^ seed)
    return Vector(
      unit(mixed(bits &* 0x9E37_79B1)), unit(mixed(bits &* 0x85EB_CA77)),
      unit(mixed(bits &* 0xC2B2_AE3D)))
  }

  /// Values in 0...1 at whole points, and between them what lies between.
  static func value(_ p: Vector, _ seed: UInt32) -> Lanes {
    let base = Vector(p.x.floor, p.y.floor, p.z.floor)
    let f = p - base
    let wx = f.x * f.x * (3 - 2 * f.x)
    let wy = f.y * f.y * (3 - 2 * f.y)
    let wz = f.z * f.z * (3 - 2 * f.z)
    let x0 = base.x.wholeBits &* 0x8DA6_B343
    let y0 = base.y.wholeBits &* 0xD816_3841
    let z0 = base.z.wholeBits &* 0xCB1A_B31F ^ seed
    let (x1, y1) = (x0 &+ 0x8DA6_B343, y0 &+ 0xD816_3841)
    let z1 = (base.z + 1).wholeBits &* 0xCB1A_B31F ^ seed
    @inline(__always) func corner(_ bits: SIMD8<UInt32>) -> Lanes { unit(mixed(bits)) }
    let near = mix(
      mix(corner(x0 ^ y0 ^ z0), corner(x1 ^ y0 ^ z0), wx),
      mix(corner(x0 ^ y1 ^ z0), corner(x1 ^ y1 ^ z0), wx), wy)
    let far = mix(
      mix(corner(x0 ^ y0 ^ z1), corner(x1 ^ y0 ^ z1), wx),
      mix(corner(x0 ^ y1 ^ z1), corner(x1 ^ y1 ^ z1), wx), wy)
    return mix(near, far, wz)
  }

  /// Octaves of noise, each half as strong and about twice as fine as the one before; about 0...1,
  /// 0.5 on average.
  static func fractal(_ p: Vector, octaves: Int, _ seed: UInt32) -> Lanes {
    var (sum, weight, total) = (Lanes.zero, Float(0.5), Float(0))
    var place = p
    for octave in 0..<octaves {
      sum += value(place, seed &+ UInt32(octave) &* 0x9E37_79B9) * weight
      total += weight
      weight *= 0.5
      // Turned a little each time, so that the octaves' grids do not show.
      place = Vector(
        1.62 * place.x + 1.21 * place.z + 17.3, 2.03 * place.y + 5.1,
        1.62 * place.z - 1.21 * place.x + 3.7)
    }
    return sum * (1 / total)
  }
}
