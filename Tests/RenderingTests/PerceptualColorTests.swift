import Testing

@testable import Rendering

struct PerceptualColorTests {
  @Test(
    arguments: [
      (0xFFFFFF, 1, 0, 0), (0x000000, 0, 0, 0), (0xFF0000, 0.62796, 0.22486, 0.12585),
      (0x00FF00, 0.86644, -0.23389, 0.17950), (0x0000FF, 0.45201, -0.03246, -0.31153),
    ] as [(UInt32, Double, Double, Double)]
  )
  func `the corners of sRGB have their published places`(
    hex: UInt32,
    lightness: Double,
    a: Double,
    b: Double
  ) {
    let color = PerceptualColor(Color(hex: hex))
    // Five decimals are published.
    #expect(abs(color.lightness - lightness) < 1.5e-5)
    #expect(abs(color.a - a) < 1.5e-5)
    #expect(abs(color.b - b) < 1.5e-5)
  }

  @Test func `every displayable colour comes back`() {
    for red in stride(from: UInt8(0), through: 255, by: 51) {
      for green in stride(from: UInt8(0), through: 255, by: 51) {
        for blue in stride(from: UInt8(0), through: 255, by: 51) {
          let color = Color(red: red, green: green, blue: blue)
          #expect(PerceptualColor(color).color == color)
        }
      }
    }
  }

  @Test func `a colour outside sRGB keeps its lightness`() {
    let vivid = PerceptualColor(lightness: 0.6, a: 0.4, b: -0.2)
    // One code value is at most 0.005 in lightness at this brightness.
    #expect(abs(PerceptualColor(vivid.color).lightness - 0.6) < 0.005)
  }
}
