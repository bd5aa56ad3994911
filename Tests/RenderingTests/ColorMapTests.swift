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

/// What readers who see colours otherwise can make of the maps.
struct ColorVisionTests {
  /// Full lack of one kind of cone, for linear RGB.
  ///
  /// Machado, Oliveira, Fernandes: A Physiologically-based Model for Simulation of Color Vision
  /// Deficiency, 2009.
  enum Deficiency: String, CaseIterable {
    case protanopia, deuteranopia, tritanopia

    var matrix: [[Double]] {
      switch self {
      case .protanopia:
        [
          [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
          [-0.003882, -0.048116, 1.051998],
        ]
      case .deuteranopia:
        [
          [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
          [-0.011820, 0.042940, 0.968881],
        ]
      case .tritanopia:
        [
          [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
          [0.004733, 0.691367, 0.303900],
        ]
      }
    }

    func seen(_ color: Color) -> PerceptualColor {
      let linear = [color.red, color.green, color.blue].map { code in
        let value = Double(code) / 255
        return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
      }
      let codes = matrix.map { row in
        let value = min(max(zip(row, linear).reduce(0) { $0 + $1.0 * $1.1 }, 0), 1)
        let code = value <= 0.0031308 ? value * 12.92 : 1.055 * pow(value, 1 / 2.4) - 0.055
        return UInt8(code * 255 + 0.5)
      }
      return PerceptualColor(Color(red: codes[0], green: codes[1], blue: codes[2]))
    }
  }

  private func distance(_ a: PerceptualColor, _ b: PerceptualColor) -> Double {
    let (l, c, d) = (a.lightness - b.lightness, a.a - b.a, a.b - b.b)
    return (l * l + c * c + d * d).squareRoot()
  }

  @Test(arguments: ColorMapTests.sequential, Deficiency.allCases)
  func `a sequential map goes one way for every eye`(map: ColorMap, deficiency: Deficiency) {
    let lightness = stride(from: 0, through: 256, by: 16).map {
      deficiency.seen(map.colors[$0]).lightness
    }
    let direction = lightness[16] > lightness[0] ? 1.0 : -1
    for (before, after) in zip(lightness, lightness.dropFirst()) {
      // About what can just be told apart.
      #expect((after - before) * direction > 0.018)
    }
  }

  @Test(arguments: ColorMapTests.diverging, Deficiency.allCases)
  func `the two signs differ for every eye`(map: ColorMap, deficiency: Deficiency) {
    for (strength, least) in [(32, 0.06), (64, 0.14), (128, 0.15)] {
      let against = deficiency.seen(map.colors[128 - strength])
      let inFavour = deficiency.seen(map.colors[128 + strength])
      #expect(distance(against, inFavour) > least)
    }
  }

  /// `gray` goes in even steps of code values instead, and `turbo` is a rainbow.
  @Test(arguments: ColorMap.all.filter { !["gray", "turbo"].contains($0.name) })
  func `equal steps of value look about equally large`(map: ColorMap) {
    let colors = stride(from: 0, through: 256, by: 16).map { PerceptualColor(map.colors[$0]) }
    let steps = zip(colors, colors.dropFirst()).map { distance($0, $1) }
    let mean = steps.reduce(0, +) / 16
    for step in steps { #expect(step > 0.6 * mean && step < 1.55 * mean) }
  }

  @Test(
    arguments: [
      ("viridis", [0x440154, 0x3B518B, 0x20908C, 0x5EC961, 0xFDE725]),
      ("inferno", [0x000004, 0x55106F, 0xBB3754, 0xF98E07, 0xFCFFA4]),
      ("blues", [0xFFFFFF, 0xC4DAEE, 0x6BA4D0, 0x2767A9, 0x0B2F66]),
      ("gray", [0x000000, 0x404040, 0x808080, 0xBFBFBF, 0xFFFFFF]),
      ("blueRed", [0x164AAB, 0x6EA7EA, 0xFFFFFF, 0xEF7D6C, 0x9B081F]),
      ("purpleOrange", [0x552D9C, 0xB39AE5, 0xFFFFFF, 0xE69346, 0x7A3500]),
    ] as [(String, [UInt32])])
  func `the tables stay as they are`(name: String, pins: [UInt32]) throws {
    let map = try #require(ColorMap(named: name))
    #expect(
      stride(from: 0, through: 256, by: 64).map { map.colors[$0] } == pins.map(Color.init(hex:)))
  }
}
