import Foundation
import Imaging
import Testing

@testable import Samples

struct AnnotationsTests {
  private static let full = Annotations(
    classes: ["cat", "dog"],
    pictures: [
      .init(
        path: "a/1.png", width: 40, height: 30, kind: "cat",
        box: PixelRect(x: 1, y: 2, width: 39, height: 28), mask: "m/1.png",
        cue: .init(kind: "dog", box: PixelRect(x: 0, y: 0, width: 4, height: 4))),
      .init(path: "a/2.jpg", width: 4, height: 3, kind: "dog"),
    ], source: "by hand")

  @Test func `what is written is read again`() throws {
    let json = try Self.full.json()
    #expect(try Annotations(json: json) == Self.full)
    #expect(try Annotations(json: json).json() == json)
  }

  @Test func `the article's example is read`() throws {
    let article = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
      .appending(path: "Sources/Samples/Samples.docc/AnnotatedPictures.md")
    let text = try String(contentsOf: article, encoding: .utf8)
    let example = try #require(text.split(separator: "```json").last?.split(separator: "```").first)
    let annotations = try Annotations(json: Data(example.utf8))
    #expect(annotations.pictures.first?.box == PixelRect(x: 51, y: 8, width: 33, height: 36))
    #expect(annotations.pictures.first?.cue?.kind == "crate")
  }

  @Test(arguments: [
    (#""tidemark.annotations/1""#, #""tidemark.annotations/2""#, "schema"),
    (#""class" : "cat""#, #""class" : "cow""#, "'cow' is not listed"),
    (#""width" : 39"#, #""width" : 40"#, "not within"),
    (#""x" : 1,"#, #""x" : -1,"#, "not within"),
    ("a/1.png", "../1.png", "no path inside"),
    ("m/1.png", "/m/1.png", "no path inside"),
    (#""height" : 30,"#, "", "lack 'pictures.0.height'"),
    (#""height" : 30,"#, #""height" : "x","#, "pictures.0.height"),
    (#""height" : 30,"#, #""height" : 0,"#, "40x0"),
    ("{", "[", "annotations cannot be used"),
  ])
  func `what cannot be meant is refused`(_ found: String, _ instead: String, _ reason: String)
    throws
  {
    let json = String(decoding: try Self.full.json(), as: UTF8.self)
    let broken = try #require(
      json.range(of: found).map { json.replacingCharacters(in: $0, with: instead) })
    #expect(broken != json)
    let error = #expect(throws: SampleError.self) { try Annotations(json: Data(broken.utf8)) }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
  }
}
