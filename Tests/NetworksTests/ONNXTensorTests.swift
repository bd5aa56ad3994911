import Foundation
import Networks
import Tensors
import Testing

/// Tensors of a file in all their spellings, seen through a network that adds one to its input.
@Suite struct ONNXTensorTests {
  /// A model whose layer `b` is the tensor.
  static func model(_ tensor: Wire, name: String = "b") -> ONNXTestModel {
    var model = ONNXTestModel.dense(from: "a")
    model.node("Add", ["x", name], ["a"])
    model.initializers.append(tensor)
    return model
  }

  func value(_ tensor: Wire) throws -> [Float] {
    let network = try ModelFile(onnx: Self.model(tensor).bytes).network
    return try #require(network.nodes.first { $0.name == "b" }).layer.parameters[0].scalars
  }

  func refusal(_ tensor: Wire) throws -> String {
    try #require(throws: ModelError.self) { try ModelFile(onnx: Self.model(tensor).bytes) }.reason
  }

  /// −2, 0.5, 0, 65504 in every real type, and −2 or 254, 3, 0, 100 in every whole one.
  @Test func `every element type is read from raw bytes`() throws {
    let reals: [Float] = [-2, 0.5, 0, 65504]
    func raw(_ type: Int, _ bytes: [UInt8]) throws -> [Float] {
      try value(ONNXTestModel.tensor("b", [4], type: type, raw: bytes))
    }
    func raw<T: FixedWidthInteger>(_ type: Int, _ values: [T]) throws -> [Float] {
      try raw(type, values.flatMap(\.littleEndianBytes))
    }
    #expect(try raw(1, reals.map(\.bitPattern)) == reals)
    #expect(try raw(11, reals.map { Double($0).bitPattern }) == reals)
    #expect(try raw(10, [0xC000, 0x3800, 0x8000, 0x7BFF] as [UInt16]) == reals)
    #expect(try raw(16, [0xC000, 0x3F00, 0, 0x4780] as [UInt16]) == [-2, 0.5, 0, 65536])
    #expect(try raw(3, [-2, 3, 0, 100] as [Int8]) == [-2, 3, 0, 100])
    #expect(try raw(5, [-2, 3, 0, 100] as [Int16]) == [-2, 3, 0, 100])
    #expect(try raw(6, [-2, 3, 0, 100] as [Int32]) == [-2, 3, 0, 100])
    #expect(try raw(7, [-2, 3, 0, 100] as [Int64]) == [-2, 3, 0, 100])
    #expect(try raw(2, [254, 3, 0, 100] as [UInt8]) == [254, 3, 0, 100])
    #expect(try raw(4, [254, 3, 0, 100] as [UInt16]) == [254, 3, 0, 100])
    #expect(try raw(12, [254, 3, 0, 100] as [UInt32]) == [254, 3, 0, 100])
    #expect(try raw(13, [254, 3, 0, 100] as [UInt64]) == [254, 3, 0, 100])
    #expect(try raw(9, [1, 1, 0, 1] as [UInt8]) == [1, 1, 0, 1])
  }

  @Test func `typed fields are read as well, packed or one by one`() throws {
    func typed(_ type: Int, _ fill: (inout Wire) -> Void) throws -> [Float] {
      try value(ONNXTestModel.tensor("b", [4], type: type, fill))
    }
    #expect(
      try typed(1) { for x in [1, 2, 3, 4.5] as [Float] { $0.float(4, x) } } == [1, 2, 3, 4.5])
    #expect(
      try typed(1) {
        $0.data(4, ([1, 2, 3, 4.5] as [Float]).flatMap { $0.bitPattern.littleEndianBytes })
      }
        == [1, 2, 3, 4.5])
    #expect(try typed(7) { for x in [-1, 2, 3, 4] { $0.integer(7, x) } } == [-1, 2, 3, 4])
    #expect(try typed(7) { $0.data(7, [1, 2, 3, 4]) } == [1, 2, 3, 4])
    #expect(
      try typed(10) { for x in [0xC000, 0x3800, 0, 0x3C00] { $0.integer(5, x) } } == [
        -2, 0.5, 0, 1,
      ])
    #expect(try typed(6) { for x in [-1, 2, 3, 4] { $0.integer(5, x) } } == [-1, 2, 3, 4])
  }

  @Test func `half precision covers its small, infinite and undefined values`() throws {
    let bits: [UInt16] = [0x0001, 0x8400, 0xFC00, 0x7E00]
    let found = try value(
      ONNXTestModel.tensor("b", [4], type: 10, raw: bits.flatMap(\.littleEndianBytes)))
    #expect(found[0] == 0x1p-24)
    #expect(found[1] == -0x1p-14)
    #expect(found[2] == -.infinity)
    #expect(found[3].isNaN)
  }

  @Test func `lengths that do not fit the shape are refused before memory is taken`() throws {
    #expect(
      try refusal(ONNXTestModel.tensor("b", [4], type: 1, raw: [0, 0, 0])).contains(
        "tensor 'b' [4] takes 16 bytes, but the file holds 3"))
    #expect(
      try refusal(ONNXTestModel.tensor("b", [4], type: 1)).contains("takes 4 numbers"))
    #expect(
      try refusal(ONNXTestModel.tensor("b", [1 << 27], type: 7, raw: [1])).contains(
        "takes 1073741824 bytes"))
    for dims in [[-1], [1 << 40], [1 << 32, 1 << 32], [.max, .max, .max], [.min]] {
      let reason = try refusal(ONNXTestModel.tensor("b", dims, type: 1, raw: []))
      #expect(reason.contains("tensor 'b' has the shape \(dims)"))
    }
    #expect(
      try refusal(ONNXTestModel.tensor("b", [1], type: 8, raw: [1])).contains("elements of type 8"))
  }

  // MARK: - Tensors in files of their own

  /// A folder with `model.onnx`, whose tensor `b` lies elsewhere, and `data/b.bin` with 16 + 4·4 bytes.
  func reading(_ entries: [(String, String)], dims: [Int] = [4]) throws -> Result<
    [Float], ModelError
  > {
    let folder = FileManager.default.temporaryDirectory.appending(path: "onnx-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = FileManager.default
    let inner = folder.appending(path: "model/data")
    try files.createDirectory(at: inner, withIntermediateDirectories: true)
    let values =
      [UInt8](repeating: 9, count: 16) + (1...4).flatMap { Float($0).bitPattern.littleEndianBytes }
    try Data(values).write(to: inner.appending(path: "b.bin"))
    try Data(values).write(to: folder.appending(path: "outside.bin"))
    try files.createSymbolicLink(
      at: folder.appending(path: "model/link.bin"),
      withDestinationURL: folder.appending(path: "outside.bin"))
    let tensor = ONNXTestModel.tensor("b", dims, type: 1) { tensor in
      for (key, value) in entries {
        var entry = Wire()
        entry.text(1, key)
        entry.text(2, value)
        tensor.message(13, entry)
      }
      tensor.integer(14, 1)
    }
    let path = folder.appending(path: "model/model.onnx").path
    try Data(Self.model(tensor).bytes).write(to: URL(filePath: path))
    do throws(ModelError) {
      let file = try ModelFile.read(path)
      #expect(file.externalFiles.map { $0.hasSuffix("/model/data/b.bin") } == [true])
      let bias = file.network.nodes.first { $0.name == "b" }
      return .success(bias?.layer.parameters[0].scalars ?? [])
    } catch {
      #expect(error.file == path)
      return .failure(error)
    }
  }

  @Test func `a tensor is read from a file beside the model`() throws {
    let entries = [("location", "data/b.bin"), ("offset", "16"), ("length", "16")]
    #expect(try reading(entries).get() == [1, 2, 3, 4])
  }

  @Test(arguments: [
    ("../outside.bin", "16", "16", "outside the model's folder"),
    ("data/../../outside.bin", "16", "16", "outside the model's folder"),
    ("/etc/hostname", "0", "16", "outside the model's folder"),
    ("link.bin", "16", "16", "leads outside the model's folder"),
    ("", "16", "16", "outside the model's folder"),
    ("data", "16", "16", "is not an ordinary file"),
    ("none.bin", "16", "16", "there is no such file"),
    ("data/b.bin", "17", "16", "which has 32; the file is damaged"),
    ("data/b.bin", "9223372036854775807", "16", "which has 32; the file is damaged"),
    ("data/b.bin", "-1", "16", "at offset '-1'"),
    ("data/b.bin", "16", "15", "takes 16 bytes, but 'data/b.bin' has 15"),
  ])
  func `a tensor anywhere else is refused`(
    location: String, offset: String, length: String, says: String
  ) throws {
    let result = try reading([("location", location), ("offset", offset), ("length", length)])
    let error = #expect(throws: ModelError.self) { try result.get() }
    #expect(error?.reason.contains(says) == true, "\(error?.reason ?? "")")
  }

  @Test func `bytes alone cannot point to files`() throws {
    let tensor = ONNXTestModel.tensor("b", [4], type: 1) { tensor in
      var entry = Wire()
      entry.text(1, "location")
      entry.text(2, "b.bin")
      tensor.message(13, entry)
      tensor.integer(14, 1)
    }
    #expect(try refusal(tensor).contains("read it by its path"))
  }
}
