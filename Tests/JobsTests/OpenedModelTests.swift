import Foundation
import Networks
import TestSupport
import Testing

@testable import Jobs

struct OpenedModelTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let golden = try #require(Bundle.module.url(forResource: "Golden", withExtension: nil))
    try folder.write(
      try Data(contentsOf: golden.appending(component: "tiny.onnx")), to: "net.onnx")
  }

  private func open(
    preprocess: String? = "raw", resize: String? = nil, labels: String? = nil
  ) throws -> OpenedModel {
    try OpenedModel(
      folder("net.onnx"), preprocess: preprocess, resize: resize, labels: labels.map { folder($0) })
  }

  @Test func `labels are looked for beside the model, its own first`() throws {
    #expect(try open().labels.names.isEmpty)
    try folder.write("1\n2\n".utf8, to: "labels.txt")
    #expect(try open().labels.names.isEmpty)
    try folder.write("k\nl\nm\nn\n".utf8, to: "imagenet_labels.txt")
    #expect(try open().labels.names == ["k", "l", "m", "n"])
    try folder.write("a\r\nb\r\nc\r\nd\r\n".utf8, to: "labels.txt")
    #expect(try open().labels.names == ["a", "b", "c", "d"])
    try folder.write("w\nx\ny\nz".utf8, to: "net.labels.txt")
    #expect(try open().labels.names == ["w", "x", "y", "z"])
    try folder.write("\u{FEFF}p\nq\nr\ns\n\n".utf8, to: "given.txt")
    #expect(try open(labels: "given.txt").labels.names == ["p", "q", "r", "s"])
  }

  @Test func `labels that are given must be one for each class`() throws {
    try folder.write("a\nb\nc\n".utf8, to: "three.txt")
    #expect {
      try open(labels: "three.txt")
    } throws: { error in
      "\(error)".contains("found 3 labels, but the network has 4 classes")
    }
    #expect(throws: JobError.self) { try open(labels: "missing.txt") }
  }

  @Test func `preprocessing is asked for where nothing tells it`() throws {
    #expect {
      try open(preprocess: nil)
    } throws: { error in
      let text = "\(error)"
      return ["--preprocess", "imagenet", "caffe", "tf", "raw", "net.preprocess.json"].allSatisfy {
        text.contains($0)
      } && (error as? JobError)?.kind == .request
    }
  }

  @Test func `preprocessing beside the model is found, with its geometry`() throws {
    try folder.write(
      #"{"mean": [0.5], "std": [0.5], "resize": "crop:20:16"}"#.utf8, to: "net.preprocess.json")
    let model = try open(preprocess: nil)
    #expect(model.preprocessing.mean == [0.5])
    #expect("\(model.resize)" == "crop:20:16")
    #expect("\(try open(preprocess: nil, resize: "squash:16").resize)" == "squash:16")
  }

  @Test func `a file of preprocessing that makes no sense is refused`() throws {
    try folder.write(#"{"means": [0.5]}"#.utf8, to: "bad.json")
    #expect {
      try open(preprocess: folder("bad.json"))
    } throws: { error in
      "\(error)".contains("means")
    }
  }

  @Test(arguments: [
    (#"{"scale": "x"}"#, "'scale': expected a number"),
    (#"{"mean": 1}"#, "'mean': expected a list in brackets"),
    (#"{"mean": ["x"]}"#, "'mean.0': expected a number"),
    ("[1]", "expected an object in braces"),
    ("hello", "not valid JSON"),
  ])
  func `a file of preprocessing is told what it should hold`(_ text: String, hint: String) throws {
    try folder.write(text.utf8, to: "bad.json")
    #expect {
      try open(preprocess: folder("bad.json"))
    } throws: { error in
      "\(error)".contains(hint)
    }
  }

  @Test func `a folder is no file of preprocessing`() throws {
    #expect {
      try open(preprocess: folder(""))
    } throws: { error in
      "\(error)".contains("is no ordinary file")
    }
  }

  @Test func `a geometry must make pictures of the network's size`() throws {
    #expect("\(try open().resize)" == "squash:16")
    #expect {
      try open(resize: "squash:32")
    } throws: { error in
      "\(error)".contains("16x16") && "\(error)".contains("32x32")
    }
    #expect(throws: JobError.self) { try open(resize: "shrink:16") }
  }

  @Test func `a file that is no model ends the job`() throws {
    try folder.write("text".utf8, to: "net.onnx")
    #expect {
      try open()
    } throws: { error in
      (error as? JobError)?.kind == .environment
    }
  }
}
