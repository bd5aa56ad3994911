import Imaging
import Testing

@testable import Rendering

struct FontTests {
  static let printable = (32...126).map { Character(Unicode.Scalar(UInt8($0))) }

  @Test(arguments: printable)
  func `every printable ASCII character has a drawing`(character: Character) {
    #expect(Font.hasGlyph(for: character))
    let ink = ink(40, 40) {
      $0.draw(String(character), at: Point(x: 10, y: 28), style: TextStyle(size: 20))
    }
    #expect(character == " " ? ink == 0 : ink > 3)
    #expect(Font.glyph(character).advance > 0)
  }

  @Test func `no two characters look the same`() {
    let pictures = Self.printable.map { character in
      picture(30, 30) {
        $0.draw(String(character), at: Point(x: 5, y: 20), style: TextStyle(size: 16))
      }
    }
    for (index, first) in pictures.enumerated() {
      #expect(!pictures[..<index].contains(first), "\(Self.printable[index])")
    }
  }

  @Test(arguments: printable)
  func `letters stay between ascent and descent`(character: Character) {
    let style = TextStyle(size: 100)
    let lettering = Lettering(String(character), at: Point(x: 0, y: 0), style: style)
    let radius = lettering.lineWidth / 2
    for point in lettering.path.flattened().flatMap(\.points) {
      #expect(point.y - radius >= -100 * Font.ascent - 0.5)
      #expect(point.y + radius <= 100 * Font.descent + 0.5)
      #expect(point.x >= 0 && point.x <= style.width(of: String(character)))
    }
  }

  @Test func `figures and signs of a number share one width`() {
    let width = TextStyle().width(of: "0")
    for character in "123456789+−=<>±×" {
      #expect(TextStyle().width(of: String(character)) == width)
    }
  }

  @Test func `widths add up and grow with the size`() {
    let style = TextStyle(size: 10)
    let sum = "zebra".reduce(0) { $0 + style.width(of: String($1)) }
    #expect(abs(style.width(of: "zebra") - sum) < 1e-9)
    #expect(abs(TextStyle(size: 25).width(of: "zebra") - 2.5 * sum) < 1e-9)
    #expect(style.width(of: "") == 0)
  }

  @Test func `composed and decomposed accents are the same letter`() {
    let (composed, decomposed) = ("\u{E9}", "e\u{301}")
    #expect(Font.hasGlyph(for: Character(composed)))
    #expect(
      Lettering(composed, at: Point(x: 0, y: 0), style: TextStyle()).path
        == Lettering(decomposed, at: Point(x: 0, y: 0), style: TextStyle()).path
    )
    #expect(Font.glyph("é").path != Font.glyph("e").path)
  }

  @Test func `an unknown character is a box`() {
    #expect(!Font.hasGlyph(for: "漢"))
    #expect(ink(30, 30) { $0.draw("漢", at: Point(x: 5, y: 22), style: TextStyle(size: 20)) } > 20)
  }

  @Test func `bold has more ink than regular, and regular more than light`() {
    let inks = [Font.Weight.light, .regular, .bold].map { weight in
      ink(120, 40) {
        $0.draw("Tidemark", at: Point(x: 5, y: 28), style: TextStyle(size: 24, weight: weight))
      }
    }
    #expect(inks == inks.sorted())
    #expect(inks[2] > inks[0] * 1.5)
  }
}
