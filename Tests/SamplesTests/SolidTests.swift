import Testing

@testable import Samples

struct SolidTests {
  /// All there are, with their names.
  static let all: [(name: String, solid: any Solid)] = {
    var random = PictureRandom(seed: 3, index: 0)
    let paint = Paint(
      base: Triple(0.5, 0.2, 0.1), accent: Triple(0.1, 0.2, 0.5), detail: Triple(0.8, 0.8, 0.7),
      gloss: 0.5, seed: 7, pattern: Pattern(.checks, frequency: 2, random: &random))
    return SampleClass.allCases.map { ($0.rawValue, $0.solid(paint)) }
      + Bystander.Shape.allCases.map { ("\($0)", Bystander(shape: $0, paint: paint)) }
  }()

  private func direction(_ random: inout PictureRandom) -> Triple {
    while true {
      let v = Triple(random.float(-1, 1), random.float(-1, 1), random.float(-1, 1))
      if (0.01...1).contains(v.dot(v)) { return v.direction }
    }
  }

  @Test(arguments: all.indices) func `it fits into the ball that bounds it`(index: Int) {
    let (name, solid) = Self.all[index]
    var random = PictureRandom(seed: 1, index: 0)
    for _ in 0..<2000 {
      let p = direction(&random) * (Body.bound + random.float(0, 0.2))
      #expect(solid.distance(to: Vector(p))[0] > 0, "\(name) at \(p)")
    }
    #expect(solid.distance(to: Vector(Triple(0, 2, 0)))[0] > 0)
  }

  /// Rays that step by the distance must not step through.
  @Test(arguments: all.indices) func `rays find the surface that small steps find`(index: Int) {
    let (name, solid) = Self.all[index]
    var random = PictureRandom(seed: 2, index: 0)
    var hits = 0
    var misses = 0
    for _ in 0..<300 {
      let start = direction(&random) * 2
      let end = direction(&random) * 0.6
      let way = (end - start).direction
      let hit = solid.hit(
        from: Vector(start), towards: Vector(way), begin: Lanes(repeating: 0.9),
        end: Lanes(repeating: 3.1))
      var first: Float?
      for step in 0..<1100 where first == nil {
        let t = 0.9 + Float(step) * 0.002
        if solid.distance(to: Vector(start + way * t))[0] < 0 { first = t }
      }
      guard let first else { continue }
      hits += 1
      // Grazing rays may run out of steps, or end a little early.
      if !hit.isHit[0] || abs(hit.distance[0] - first) > 0.06 { misses += 1 }
    }
    #expect(hits > 20, "\(name)")
    #expect(Double(misses) <= 0.04 * Double(hits), "\(name): \(misses) of \(hits)")
  }

  @Test(arguments: all.indices) func `normals have length 1, and colours are finite`(index: Int) {
    let (name, solid) = Self.all[index]
    var random = PictureRandom(seed: 4, index: 0)
    for _ in 0..<200 {
      let p = Vector(direction(&random) * random.float(0.3, 1))
      let normal = solid.normal(at: p)
      #expect(abs(normal.length[0] - 1) < 1e-3 || normal.length[0] < 1e-3, "\(name)")
      let finish = solid.finish(at: p, facing: normal)
      for value in [finish.color.x[0], finish.color.y[0], finish.color.z[0], finish.gloss[0]] {
        #expect((0...2).contains(value), "\(name): \(value)")
      }
    }
  }
}
