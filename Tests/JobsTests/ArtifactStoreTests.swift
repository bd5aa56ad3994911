import Foundation
import TestSupport
import Testing

@testable import Jobs

struct ArtifactStoreTests {
  let folder: TemporaryFolder
  let store: ArtifactStore

  init() throws {
    folder = try TemporaryFolder()
    store = try ArtifactStore(folder: folder("out"))
  }

  @Test func `files are written whole, and nothing else is left`() throws {
    try store.write([1, 2, 3], to: "a/b/c.bin")
    try store.write([4], to: "a/b/c.bin")
    #expect(store.read("a/b/c.bin") == Data([4]))
    #expect(try folder.files(below: "out").keys.sorted() == ["a/b/c.bin"])
  }

  @Test(arguments: ["../x", "a/../../x", "/x", "a//x", "", "a/./x", "a\0x"])
  func `no path leaves the folder`(_ path: String) {
    #expect(throws: StoreError.self) { try store.write([1], to: path) }
  }

  @Test func `a failed write leaves no temporary file`() throws {
    try store.write([1], to: "a/b")
    #expect(throws: StoreError.self) { try store.write([1], to: "a") }
    #expect(throws: StoreError.self) { try store.write([1], to: "a/b/c") }
    #expect(try folder.files(below: "out").keys.sorted() == ["a/b"])
  }

  @Test func `a folder that is a file cannot be used`() throws {
    try folder.write([1], to: "file")
    #expect {
      try ArtifactStore(folder: folder("file"))
    } throws: { error in
      "\(error)".contains("File exists")
    }
    #expect {
      try ArtifactStore(folder: folder("file/out"))
    } throws: { error in
      "\(error)".contains("Not a directory")
    }
  }

  @Test func `what a killed process left unfinished is removed, and nothing else`() throws {
    let killed = Process()
    killed.executableURL = URL(filePath: "/bin/sh")
    killed.arguments = ["-c", "exit"]
    try killed.run()
    killed.waitUntilExit()
    let living = ProcessInfo.processInfo.processIdentifier
    let dead = killed.processIdentifier
    let kept = [".tidemark-\(living)-1.partial", "maps/a.png/.tidemark-x-1.partial", "maps/b-1-2"]
    let gone = [".tidemark-\(dead)-1.partial", "maps/a.png/.tidemark-\(dead)-2.partial"]
    for path in kept + gone { try folder.write([1], to: "out/\(path)") }
    _ = try ArtifactStore(folder: folder("out"))
    #expect(try folder.files(below: "out").keys.sorted() == kept.sorted())
  }
}
