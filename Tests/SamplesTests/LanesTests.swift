import Foundation
import Testing

@testable import Samples

struct LanesTests {
  @Test func `sines and angles are near the true ones`() {
    for step in -40...40 {
      let x = Float(step) * 0.037
      let turn = Double(x) * 2 * .pi
      #expect(abs(Double(sine(turns: Lanes(repeating: x))[0]) - sin(turn)) < 0.0012)
      let angle = turns(Lanes(repeating: Float(cos(turn))), Lanes(repeating: Float(sin(turn))))[0]
      let difference = Double(angle) - Double(x)
      #expect(abs(difference - difference.rounded()) < 0.0003)
    }
  }

  @Test func `floors are those of the library`() {
    for value: Float in [-3.5, -3, -0.25, 0, 0.5, 0.999, 1, 1000.75, -70000.5] {
      #expect(Lanes(repeating: value).floor[3] == value.rounded(.down))
    }
  }

  @Test func `rotations keep lengths and are undone`() {
    let rotation = Rotation(spin: 0.1, yaw: 0.7, pitch: -0.2, roll: 0.31)
    let v = Triple(0.3, -0.8, 0.5)
    #expect(abs(rotation.applied(to: v).length - v.length) < 1e-5)
    #expect((rotation.undone(on: rotation.applied(to: v)) - v).length < 1e-5)
  }
}
