/// The first eight bytes of SHA-256, byte by byte (FIPS 180-4); enough to tell pictures apart.
struct FirstHashBytes {
  private var state: [UInt32] = [
    0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB,
    0x5BE0_CD19,
  ]
  private var schedule = [UInt32](repeating: 0, count: 64)
  private var count = 0

  /// Fractions of the cube roots of the first 64 primes.
  private static let constants: [UInt32] = {
    let primes = (2...311).filter { number in !(2..<number).contains { number % $0 == 0 } }
    return primes.map { prime in
      // The root by bisection on integers: ⌊2³²·∛p⌋ without its whole part.
      var low: UInt64 = 0
      var high: UInt64 = 7 << 32
      while high - low > 1 {
        let middle = (low + high) / 2
        if isBelow(middle, cubeRootOf: UInt64(prime)) { low = middle } else { high = middle }
      }
      return UInt32(truncatingIfNeeded: low)
    }
  }()

  /// Whether (x / 2³²)³ ≤ p.
  private static func isBelow(_ x: UInt64, cubeRootOf p: UInt64) -> Bool {
    let wide = UInt128(x)
    return wide * wide * wide <= UInt128(p) << 96
  }

  mutating func append(_ byte: UInt8) {
    let word = count % 64 / 4
    schedule[word] = schedule[word] << 8 | UInt32(byte)
    count += 1
    if count % 64 == 0 { mix() }
  }

  mutating func finish() -> UInt64 {
    let bits = UInt64(count) * 8
    append(0x80)
    while count % 64 != 56 { append(0) }
    for shift in stride(from: 56, through: 0, by: -8) {
      append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
    }
    return UInt64(state[0]) << 32 | UInt64(state[1])
  }

  private mutating func mix() {
    func turned(_ x: UInt32, _ n: UInt32) -> UInt32 { x >> n | x << (32 - n) }
    let old = state
    let constants = Self.constants
    state.withUnsafeMutableBufferPointer { s in
      schedule.withUnsafeMutableBufferPointer { w in
        for i in 0..<64 {
          if i >= 16 {
            let (a, b) = (w[i - 15], w[i - 2])
            w[i] =
              w[i - 16] &+ (turned(a, 7) ^ turned(a, 18) ^ a >> 3) &+ w[i - 7]
              &+ (turned(b, 17) ^ turned(b, 19) ^ b >> 10)
          }
          let (a, e) = (s[0], s[4])
          let first =
            s[7] &+ (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) &+ (e & s[5] ^ ~e & s[6])
            &+ constants[i] &+ w[i]
          let second =
            (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) &+ (a & s[1] ^ a & s[2] ^ s[1] & s[2])
          for j in (1..<8).reversed() { s[j] = s[j - 1] }
          s[4] = s[4] &+ first
          s[0] = first &+ second
        }
        for j in 0..<8 { s[j] = s[j] &+ old[j] }
      }
    }
  }
}
