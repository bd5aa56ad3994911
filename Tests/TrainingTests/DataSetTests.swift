import Foundation
import ImageCodecs
import Imaging
import TestSupport
import Testing

@testable import Training

/// What is read as data, and what is refused in which words.
struct DataSetTests {
  private func refusal(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing was refused"
    } catch {
      return "\(error)"
    }
  }

  @Test func `folders are classes, in the order of their names' bytes`() throws {
    let folder = try TemporaryFolder()
    for name in ["b/2.png", "b/deep/3.png", "a/1.png", "B/4.png", ".hidden/5.png"] {
      try folder.writePicture(name)
    }
    try folder.write(Array("words".utf8), to: "a/notes.txt")
    let data = try DataSet.reading(folder.path)
    #expect(data.labels == ["B", "a", "b"])
    #expect(data.examples.map(\.name) == ["B/4.png", "a/1.png", "b/2.png", "b/deep/3.png"])
    #expect(data.examples.map(\.label) == [0, 1, 2, 2])
    #expect(data.notes.isEmpty)
  }

  @Test func `train and val folders say what pictures are for`() throws {
    let folder = try TemporaryFolder()
    for name in ["train/a/1.png", "train/b/2.png", "val/a/3.png", "val/b/4.png"] {
      try folder.writePicture(name)
    }
    let data = try DataSet.reading(folder.path)
    #expect(data.labels == ["a", "b"])
    let split = try DataSplit(data, validation: .share(0.5), seed: 0)
    #expect(split.training == [0, 1] && split.validation == [2, 3])
  }

  @Test func `annotated pictures are found beside their masks`() throws {
    let folder = try TemporaryFolder()
    for name in ["pictures/a/1.png", "pictures/b/2.png", "masks/a/1.png"] {
      try folder.writePicture(name)
    }
    try folder.write(Array("{}".utf8), to: "annotations.json")
    #expect(try DataSet.reading(folder.path).labels == ["a", "b"])
  }

  @Test func `folders that cannot be learned from are refused in words`() throws {
    let folder = try TemporaryFolder()
    #expect(
      refusal { _ = try DataSet.reading(folder("nowhere")) }.contains("no such file or folder"))
    #expect(
      refusal { _ = try DataSet.reading(folder.path) }.contains("found no folders in it"))
    try folder.writePicture("a/1.png")
    #expect(refusal { _ = try DataSet.reading(folder.path) }.contains("one class only ('a')"))
    try FileManager.default.createDirectory(
      atPath: folder("empty"), withIntermediateDirectories: true)
    #expect(
      refusal { _ = try DataSet.reading(folder.path) }
        .contains("expected pictures of the class 'empty', found none"))
    #expect(
      refusal { _ = try DataSet.reading(folder.path, labels: ["x", "y"]) }.contains("--labels"))
  }

  @Test func `pictures outside the classes' folders are mentioned`() throws {
    let folder = try TemporaryFolder()
    for name in ["a/1.png", "b/2.png", "3.png"] { try folder.writePicture(name) }
    #expect(try DataSet.reading(folder.path).notes.count == 1)
  }

  // MARK: - Tables

  private func table(_ text: String) throws -> DataSet {
    let folder = try TemporaryFolder()
    try folder.write(Array(text.utf8), to: "table.csv")
    return try DataSet.reading(folder("table.csv"))
  }

  @Test func `a table names pictures, classes and parts`() throws {
    let data = try table("label,path,split\n10,x.png,train\n9,y.png,val\n9,z.png,train\n")
    // Numbers go by size.
    #expect(data.labels == ["9", "10"])
    #expect(data.examples.map(\.name) == ["x.png", "y.png", "z.png"])
    #expect(data.examples.map(\.label) == [1, 0, 0])
    #expect(data.examples.map(\.part) == [.training, .validation, .training])
  }

  @Test(arguments: [
    ("", "is empty"),
    ("file,label\na,b\n", ":1: expected the columns path,label[,split], found 'file,label'"),
    ("path,label\na\n", ":2: expected 2 fields"),
    ("path,label\na,x\n,y\n", ":3: expected a path and a label"),
    ("path,label\na,x\na,y\n", ":3: 'a' was listed in line 2 already"),
    ("path,label,split\na,x,maybe\n", ":2: expected a split of train or val, found 'maybe'"),
    ("path,label,split\na,x,train\nb,y,val\n", "none of the pictures for training shows 'y'"),
    ("path,label,split\na,x,train\nb,y,train\n", "all pictures are for training"),
    ("path,label\na,x\nb,x\n", "one class only ('x')"),
    ("path,label\n", "holds no pictures"),
    ("path,label\n\"a,x\n", ":2: a quote is not closed"),
  ])
  func `a table that is wrong is refused with its line`(text: String, words: String) {
    #expect(refusal { _ = try table(text) }.contains(words))
  }

  // MARK: - IDX

  static func idx(_ extents: [Int], _ values: [UInt8]) -> [UInt8] {
    [0, 0, 8, UInt8(extents.count)]
      + extents.flatMap {
        [UInt8($0 >> 24), UInt8($0 >> 16 & 255), UInt8($0 >> 8 & 255), UInt8($0 & 255)]
      }
      + values
  }

  @Test func `IDX files come with labels of their own`() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.idx([3, 2, 2], Array(0..<12)), to: "some-images-idx3-ubyte")
    try folder.write(Self.idx([3], [1, 0, 1]), to: "some-labels-idx1-ubyte")
    let data = try DataSet.reading(folder("some-images-idx3-ubyte"))
    #expect(data.labels == ["0", "1"] && data.channels == 1)
    #expect(data.pictureSize == PixelSize(side: 2))
    #expect(data.examples.map(\.label) == [1, 0, 1])
    #expect(try DataSet.reading(folder.path, labels: ["odd", "even"]).labels == ["odd", "even"])
    let store = PictureStore(
      data, geometry: .squash(PixelSize(side: 2)), channels: 1, byteLimit: 100)
    #expect(try store.pictures([2, 0]).map { try $0.get() } == [[8, 9, 10, 11], [0, 1, 2, 3]])
  }

  @Test(arguments: [
    (
      [0, 0, 8, 1, 0, 0, 0, 2, 1, 0] as [UInt8],
      "holds 3 pictures, but the file of labels beside it has 2"
    ),
    ([0, 0, 8, 1, 0, 0, 0, 3, 1, 0], "announces 3 values, but holds 2 bytes"),
    ([0, 0, 13, 1, 0, 0, 0, 3, 1, 0, 1], "holds values of type 13"),
    ([1, 2, 3, 4], "is no IDX file"),
    ([0, 0, 8, 1, 0, 0, 0, 3, 2, 0, 2], "no picture has the label 1"),
    ([0, 0, 8, 1, 0, 0, 0, 3, 0, 0, 0], "one class only ('0')"),
    ([0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 1, 1, 0, 1], "expected one label for each picture"),
  ])
  func `labels that do not match are refused`(labels: [UInt8], words: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.idx([3, 2, 2], Array(0..<12)), to: "images-idx3")
    try folder.write(labels, to: "labels-idx1")
    #expect(refusal { _ = try DataSet.reading(folder("images-idx3")) }.contains(words))
  }

  @Test func `IDX files need their labels, and one set`() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.idx([1, 2, 2], Array(0..<4)), to: "a-images-idx3")
    #expect(
      refusal { _ = try DataSet.reading(folder("a-images-idx3")) }
        .contains("in a file called 'a-labels-idx1'"))
    try folder.write(Self.idx([1, 2, 2], Array(0..<4)), to: "b-images-idx3")
    #expect(refusal { _ = try DataSet.reading(folder.path) }.contains("name the one to train on"))
  }

  // MARK: - Pictures

  @Test func `pictures of any size become those of the network`() throws {
    let folder = try TemporaryFolder()
    try folder.writePicture("a/1.png", size: PixelSize(width: 30, height: 20))
    try folder.writePicture("b/2.png", size: PixelSize(width: 13, height: 50))
    try folder.write(Array("no picture".utf8), to: "b/3.png")
    let data = try DataSet.reading(folder.path)
    let store = PictureStore(
      data, geometry: .squash(PixelSize(side: 8)), channels: 3, byteLimit: 200)
    for _ in 0..<2 {
      let results = store.pictures([0, 1, 2])
      #expect(try results[0].get().count == 192 && results[1].get().count == 192)
      #expect(throws: PictureProblem.self) { try results[2].get() }
    }
  }
}
