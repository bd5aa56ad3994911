import Foundation
import TestSupport
import Testing

@testable import Jobs

struct FolderScanTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func scan(_ inputs: String..., output: String = "out") -> FolderScan {
    FolderScan(of: inputs.map { folder($0) }, output: folder(output))
  }

  @Test func `pictures are found by name and by content, and sorted by path`() throws {
    try folder.writePicture("in/b.png")
    try folder.writePicture("in/sub/no-ending")
    try folder.write("text".utf8, to: "in/readme.txt")
    try folder.write("text".utf8, to: "in/fake.JPG")
    try folder.write("GIF89a".utf8, to: "in/c.gif")
    let scan = scan("in")
    #expect(scan.items.map(\.path) == ["b.png", "c.gif", "fake.JPG", "sub/no-ending"])
    #expect(scan.problems.isEmpty)
  }

  @Test func `hidden files and folders are left out`() throws {
    try folder.writePicture("in/a.png")
    try folder.writePicture("in/.b.png")
    try folder.writePicture("in/.cache/c.png")
    #expect(scan("in").items.map(\.path) == ["a.png"])
  }

  @Test func `a file that is given is a picture whatever it is called`() throws {
    try folder.write("text".utf8, to: "in/readme.txt")
    #expect(scan("in/readme.txt").items.map(\.path) == ["readme.txt"])
  }

  @Test func `the output folder inside the input is left out`() throws {
    try folder.writePicture("in/a.png")
    try folder.writePicture("in/out/b.png")
    #expect(scan("in", output: "in/out").items.map(\.path) == ["a.png"])
  }

  @Test func `pictures of our own are left out, and refused when given`() throws {
    try folder.writePicture("in/a.png")
    try folder.writePicture("in/b.png", text: [("Tidemark", "{}")])
    try folder.writePicture("in/c.png", text: [("Title", "Tidemark")])
    let all = scan("in")
    #expect(all.items.map(\.path) == ["a.png", "c.png"])
    #expect(all.ownPictureCount == 1)
    let given = scan("in/b.png")
    #expect(given.items.isEmpty)
    #expect(given.problems.count == 1)
  }

  @Test func `links are followed, and loops of links end`() throws {
    try folder.writePicture("other/x.png")
    try folder.writePicture("in/sub/a.png")
    try folder.link("in/again.png", to: folder("in/sub/a.png"))
    try folder.link("in/sub/loop", to: folder("in"))
    try folder.link("in/other", to: folder("other"))
    try folder.link("in/nowhere.png", to: folder("missing.png"))
    let scan = scan("in")
    #expect(scan.items.map(\.path) == ["again.png", "other/x.png", "sub/a.png"])
    #expect(scan.problems.map(\.path) == ["nowhere.png"])
  }

  @Test func `a picture goes by the place it lies in rather than by a link`() throws {
    try folder.writePicture("in/z/a.png")
    try folder.link("in/b", to: folder("in/z"))
    #expect(scan("in").items.map(\.path) == ["z/a.png"])
  }

  @Test func `the same paths below two folders are told apart by the folders' names`() throws {
    for name in ["one/in", "two/in", "three"] { try folder.writePicture("\(name)/a.png") }
    try folder.writePicture("three/b.png")
    let scan = scan("one/in", "two/in", "three")
    #expect(scan.items.map(\.path) == ["b.png", "in/a.png", "in~2/a.png", "three/a.png"])
    #expect(Set(scan.items.map(\.file)).count == 4)
  }

  @Test func `a file that is given twice is explained once`() throws {
    try folder.writePicture("in/a.png")
    #expect(scan("in", "in/a.png", "in/../in").items.map(\.path) == ["a.png"])
  }

  @Test func `a folder that is named like a picture is a folder`() throws {
    try folder.writePicture("in/x.png/y.png")
    #expect(scan("in").items.map(\.path) == ["x.png/y.png"])
  }

  @Test func `pipes and devices with names of pictures are problems`() throws {
    try folder.writePicture("in/a.png")
    try #require(mkfifo(folder("in/pipe.png"), 0o600) == 0)
    try #require(mkfifo(folder("in/pipe"), 0o600) == 0)
    try folder.link("in/zero.png", to: "/dev/zero")
    let scan = scan("in")
    #expect(scan.items.map(\.path) == ["a.png"])
    #expect(scan.problems.map(\.path) == ["pipe.png", "zero.png"])
    #expect(scan.problems.allSatisfy { $0.reason == "is neither a file nor a folder" })
  }

  @Test func `an output folder that is an input is called so`() throws {
    try folder.writePicture("in/a.png")
    try folder.writePicture("other/b.png")
    let scan = scan("in", "other", output: "other/../in")
    #expect(scan.items.map(\.path) == ["b.png"])
    #expect(scan.problems.map(\.path) == [folder("in")])
    #expect(scan.problems.first?.reason.contains("is the output folder") == true)
  }

  #if os(Linux)
    @Test func `a name that is no UTF-8 is not taken for a broken link`() throws {
      try folder.writePicture("in/a.png")
      let path = Array(folder("in/").utf8) + [0xE9] + Array(".png".utf8) + [0]
      let file = path.withUnsafeBytes { bytes in
        bytes.withMemoryRebound(to: CChar.self) { $0.baseAddress.flatMap { fopen($0, "w") } }
      }
      fclose(try #require(file))
      let scan = scan("in")
      #expect(scan.items.map(\.path) == ["a.png"])
      #expect(scan.problems.map(\.path) == ["\u{FFFD}.png"])
      #expect(scan.problems.first?.reason.contains("UTF-8") == true)
    }
  #endif

  @Test func `what does not exist is a problem`() {
    #expect(scan("missing").problems.count == 1)
  }
}
