import Tensors
import Testing

@testable import Samples

struct TwoMoonsTests {
  @Test func `without noise points lie on half circles`() {
    let moons = TwoMoons(count: 101, noise: 0, seed: 3)
    #expect(moons.points.shape == [101, 2, 1, 1] && moons.count == 101)
    #expect(moons.classes.count { $0 == 0 } == 50)
    for index in 0..<101 {
      let (x, y) = (moons.points[2 * index], moons.points[2 * index + 1])
      let (a, b) = moons.classes[index] == 0 ? (x, y) : (1 - x, 0.5 - y)
      #expect((a * a + b * b - 1).magnitude < 1e-6 && b > -1e-6)
    }
  }

  @Test func `noise has its deviation, and the seed decides`() {
    let (blurred, clear) = (TwoMoons(seed: 1), TwoMoons(noise: 0, seed: 1))
    #expect(blurred.classes == clear.classes)
    let difference = blurred.points - clear.points
    let deviation = (difference.dot(difference) / Double(difference.count)).squareRoot()
    #expect((deviation - 0.2).magnitude < 0.01)
    #expect(TwoMoons(seed: 1).points == blurred.points)
    #expect(TwoMoons(seed: 2).points != blurred.points)
    // Classes are mixed, so that any part has both.
    #expect((40..<80).contains(blurred[0..<120].classes.count { $0 == 1 }))
    #expect(blurred[5..<7].points == blurred.points.items(5..<7))
  }
}
