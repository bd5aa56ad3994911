import Foundation
import Testing

@testable import Rendering

struct ColorMapTests {
  static let sequential = ColorMap.all.filter { $0.kind == .sequential && $0.name != "turbo" }
  static let diverging = ColorMap.all.filter { $0.kind == .diverging }

  private func lightness(_ map: ColorMap) -> [Double] {
    map.colors.map { PerceptualColor($0).lightness }
  }

  @Test(arguments: sequential)
  func `lightness of a sequential map goes one way`(map: ColorMap) {
    let lightness = lightness(map)
    let direction = lightness[256] > lightness[0] ? 1.0 : -1
    for (before, after) in zip(lightness, lightness.dropFirst()) {
      // Rounding to code values moves the lightness of a dark colour by up to 0.004.
      #expect((after - before) * direction > -0.004)
    }
    for (before, after) in zip(lightness, lightness.dropFirst(8)) {
      #expect((after - before) * direction > 0)
    }
  }

  @Test(arguments: diverging)
  func `opposite values of a diverging map are equally light`(map: ColorMap) {
    let lightness = lightness(map)
    for index in 0...128 {
      #expect(abs(lightness[index] - lightness[256 - index]) < 0.006)
    }
    for index in 0..<120 { #expect(lightness[index] < lightness[index + 8]) }
  }

  @Test(arguments: diverging)
  func `zero of a diverging map is white`(map: ColorMap) {
    #expect(map.color(at: 0) == .white)
  }

  @Test(arguments: ColorMap.all)
  func `neighbouring colours lie close together`(map: ColorMap) {
    #expect(map.colors.count == 257)
    for (before, after) in zip(map.colors, map.colors.dropFirst()) {
      let (from, to) = (PerceptualColor(before), PerceptualColor(after))
      let (l, a, b) = (from.lightness - to.lightness, from.a - to.a, from.b - to.b)
      // The first code value beside black is 0.067 away from it; elsewhere no band shows below.
      #expect((l * l + a * a + b * b).squareRoot() < 0.07)
    }
  }

  @Test func `anchors are met`() {
    #expect(ColorMap.viridis.color(at: 0) == Color(hex: 0x440154))
    #expect(ColorMap.viridis.color(at: 1) == Color(hex: 0xFDE725))
    #expect(ColorMap.inferno.color(at: 0) == Color(hex: 0x000004))
    #expect(ColorMap.turbo.color(at: 0.5) == Color(hex: 0xA3FD3C))
    #expect(ColorMap.gray.color(at: 0) == .black)
    #expect(ColorMap.gray.color(at: 1) == .white)
  }

  @Test(
    arguments: [
      ("viridis", 0.25, 0x3B528B), ("viridis", 0.5, 0x21918C), ("viridis", 0.75, 0x5EC962),
      ("inferno", 0.25, 0x57106E), ("inferno", 0.5, 0xBC3754), ("inferno", 0.75, 0xF98E09),
    ] as [(String, Float, UInt32)])
  func `well-known maps are met within a few levels`(name: String, value: Float, hex: UInt32) throws
  {
    let color = try #require(ColorMap(named: name)).color(at: value)
    let expected = Color(hex: hex)
    #expect(abs(Int(color.red) - Int(expected.red)) <= 3)
    #expect(abs(Int(color.green) - Int(expected.green)) <= 3)
    #expect(abs(Int(color.blue) - Int(expected.blue)) <= 3)
  }

  @Test func `red is positive and blue is negative`() {
    let (positive, negative) = (ColorMap.blueRed.color(at: 1), ColorMap.blueRed.color(at: -1))
    #expect(positive.red > 120 && positive.blue < 60)
    #expect(negative.blue > 120 && negative.red < 60)
  }

  @Test(arguments: ColorMap.all)
  func `values beyond the range take its ends`(map: ColorMap) {
    #expect(map.color(at: 7) == map.colors[256])
    #expect(map.color(at: .infinity) == map.colors[256])
    #expect(map.color(at: -7) == map.colors[0])
    #expect(map.color(at: .nan) == map.colors[0])
  }

  @Test(arguments: ColorMap.all)
  func `a map is found by its name and encoded as it`(map: ColorMap) throws {
    #expect(ColorMap(named: map.name.uppercased()) == map)
    let data = try JSONEncoder().encode([map])
    #expect(String(decoding: data, as: UTF8.self) == "[\"\(map.name)\"]")
    #expect(try JSONDecoder().decode([ColorMap].self, from: data) == [map])
  }

  @Test func `an unknown name is refused`() {
    #expect(ColorMap(named: "jet") == nil)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([ColorMap].self, from: Data("[\"jet\"]".utf8))
    }
  }

  @Test func `names are unique`() {
    #expect(Set(ColorMap.all.map(\.name)).count == ColorMap.all.count)
  }
}
