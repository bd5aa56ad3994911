/// Colours that go together.
struct Palette {
  /// Linear light.
  let colors: [Triple]

  /// From sRGB, `0xRRGGBB`.
  init(_ codes: UInt32...) {
    colors = codes.map { code in
      Self.linear(
        Triple(
          Float(code >> 16 & 255), Float(code >> 8 & 255), Float(code & 255)) / 255)
    }
  }

  /// Within 0.002 of the standard's curve, by a polynomial.
  static func linear(_ c: Triple) -> Triple {
    c * (c * (c * 0.305306011 + 0.682171111) + 0.012522878)
  }

  static let all = [
    Palette(0x264653, 0x2A9D8F, 0xE9C46A, 0xF4A261, 0xE76F51),
    Palette(0xF94144, 0xF8961E, 0xF9C74F, 0x90BE6D, 0x577590),
    Palette(0x22223B, 0x4A4E69, 0x9A8C98, 0xC9ADA7, 0xF2E9E4),
    Palette(0x606C38, 0x283618, 0xFEFAE0, 0xDDA15E, 0xBC6C25),
    Palette(0x0D3B66, 0xFAF0CA, 0xF4D35E, 0xEE964B, 0xF95738),
    Palette(0xCDB4DB, 0xFFC8DD, 0xFFAFCC, 0xBDE0FE, 0x7FA8D8),
    Palette(0x335C67, 0xFFF3B0, 0xE09F3E, 0x9E2A2B, 0x540B0E),
    Palette(0x003049, 0xD62828, 0xF77F00, 0xFCBF49, 0xEAE2B7),
    Palette(0x386641, 0x6A994E, 0xA7C957, 0xF2E8CF, 0xBC4749),
    Palette(0x5F0F40, 0x9A031E, 0xFB8B24, 0xE36414, 0x0F4C5C),
    Palette(0x3D5A80, 0x98C1D9, 0xE0FBFC, 0xEE6C4D, 0x293241),
    Palette(0x6D597A, 0xB56576, 0xE56B6F, 0xEAAC8B, 0x355070),
    Palette(0x2B2D42, 0x8D99AE, 0xEDF2F4, 0xEF233C, 0xD8A48F),
    Palette(0x1B4332, 0x40916C, 0x95D5B2, 0xD8F3DC, 0xB08968),
    Palette(0x7F5539, 0xB08968, 0xDDB892, 0xE6CCB2, 0x4F6D7A),
    Palette(0x10002B, 0x5A189A, 0x9D4EDD, 0xE0AAFF, 0xF6BD60),
  ]

  /// How different two colours look, roughly 0...1.
  static func difference(_ a: Triple, _ b: Triple) -> Float {
    // Square roots are close to how the eye counts light.
    func seen(_ c: Triple) -> Triple {
      Triple(c.x.squareRoot(), c.y.squareRoot(), c.z.squareRoot())
    }
    return (seen(a) - seen(b)).length * 0.6
  }
}
