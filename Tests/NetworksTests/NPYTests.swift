import Networks
import Tensors
import Testing

@Suite struct NPYTests {
  /// A file with any header and body.
  func file(_ header: String, _ body: [UInt8], version: UInt8 = 1) -> [UInt8] {
    let text = Array((header + "\n").utf8)
    let size = text.count.littleEndianBytes.prefix(version == 1 ? 2 : 4)
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + size + text + body
  }

  func header(_ type: String, _ shape: String, order: String = "False") -> String {
    "{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }"
  }

  /// As `numpy.lib.format.write_array_header_1_0` of NumPy 2 spells them. The last one fits into 128
  /// bytes but for the room that NumPy leaves the leading extent to grow.
  @Test(arguments: [
    ([], "()", 128), ([3], "(3,)", 128), ([1, 3, 22, 4], "(1, 3, 22, 4)", 128),
    (
      [Int](repeating: 1, count: 18), "(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)", 192
    ),
  ])
  func `files are those of NumPy, byte for byte`(extents: [Int], tuple: String, start: Int) {
    let shape = Shape(extents)
    let bytes = NPY.bytes(of: Tensor(repeating: 1.5, shape: shape))
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': \(tuple), }"
    let length = start - 10
    #expect(bytes.prefix(10) == [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, UInt8(length), 0])
    let padded = text + String(repeating: " ", count: length - text.count - 1) + "\n"
    #expect(String(decoding: bytes[10..<start], as: UTF8.self) == padded)
    #expect(bytes.count == start + 4 * shape.count)
    #expect(Array(bytes.suffix(4)) == Float(1.5).bitPattern.littleEndianBytes)
  }

  @Test func `a tensor survives the round trip`() throws {
    let tensor = Tensor([1, -2, .infinity, 0.1, -0, .leastNonzeroMagnitude], shape: [1, 2, 3])
    #expect(try NPY.tensor(from: NPY.bytes(of: tensor)) == tensor)
  }

  @Test func `other element types are converted`() throws {
    func read(_ type: String, _ body: [UInt8]) throws -> [Float] {
      try NPY.tensor(from: file(header(type, "(2,)"), body)).scalars
    }
    #expect(
      try read("<f8", [0.5, -3].flatMap { ($0 as Double).bitPattern.littleEndianBytes }) == [
        0.5, -3,
      ])
    #expect(
      try read("<f2", [0x3800, 0xC200].flatMap { ($0 as UInt16).littleEndianBytes }) == [0.5, -3])
    #expect(try read("<i4", [7, -3].flatMap { ($0 as Int32).littleEndianBytes }) == [7, -3])
    #expect(try read("|u1", [7, 253]) == [7, 253])
    #expect(try NPY.tensor(from: file(header("|u1", "(1,)"), [9], version: 2)).scalars == [9])
  }

  @Test(arguments: [
    ("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", "holds '>f4'"),
    ("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", "Fortran order"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "takes 8 bytes, found 4"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "its shape [-1]"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }", "its shape"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1.5,), }", "cannot be understood"),
    ("{'descr': '<f4', 'fortran_order': False, }", "lacks descr"),
    ("{'descr': '<f4', 'descr': '<f4', 'shape': (1,), }", "names 'descr' twice"),
    ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "lacks descr"),
    ("{'shape': (", "is no dictionary"), ("{(((}", "be understood"), ("{'':}", "lacks descr"),
    ("", "no dictionary"),
  ])
  func `what is no such array is refused with the reason`(header: String, says: String) throws {
    let bytes = file(header, [0, 0, 0, 0])
    let error = #expect(throws: NPYError.self) { try NPY.tensor(from: bytes) }
    #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
  }

  @Test func `a file cut off anywhere is refused`() {
    let whole = NPY.bytes(of: Tensor(repeating: 1, shape: [2, 2]))
    for end in whole.indices {
      #expect(throws: NPYError.self) { try NPY.tensor(from: Array(whole[..<end])) }
    }
    #expect(throws: NPYError.self) { try NPY.tensor(from: whole + [0]) }
  }
}
