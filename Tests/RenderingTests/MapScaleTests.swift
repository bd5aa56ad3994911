import Foundation
import Rendering
import Testing

struct MapScaleTests {
  @Test(arguments: ["image", "folder", "fixed:0.0:0.5", "fixed:-2.0:1.0"])
  func `a scale is read as it is written`(text: String) throws {
    let scale = try #require(MapScale(text))
    #expect(scale.description == text)
    let data = try JSONEncoder().encode([scale])
    #expect(try JSONDecoder().decode([MapScale].self, from: data) == [scale])
  }

  @Test(arguments: [
    "", "images", "fixed", "fixed:1", "fixed:1:0", "fixed:1:1", "fixed:-2:-1", "fixed:-1:0",
    "fixed:a:b", "fixed:0:inf", "fixed:nan:1", "fixed:0:1:2", "folder:1",
  ])
  func `other texts are refused`(text: String) {
    #expect(MapScale(text) == nil)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([MapScale].self, from: JSONEncoder().encode([text]))
    }
  }
}
