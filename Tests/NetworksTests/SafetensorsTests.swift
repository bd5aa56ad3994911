import Tensors
import Testing

@testable import Networks

struct SafetensorsTests {
  private static let file = Safetensors(
    tensors: [
      "b": Tensor([1, -2.5, .infinity], shape: [3]), "a/\"x\"": Tensor([7], shape: [1, 1]),
      "empty": Tensor([], shape: [0, 4]),
    ], metadata: ["words": "a \"b\" / ü\n"])

  @Test func `what is written is read again`() throws {
    #expect(try Safetensors(Self.file.bytes()) == Self.file)
    #expect(Self.file.bytes() == Self.file.bytes())
  }

  @Test func `no prefix and no longer file is taken for a whole one`() {
    let bytes = Self.file.bytes()
    for count in 0..<bytes.count {
      #expect(throws: LayerError.self) { try Safetensors(Array(bytes[..<count])) }
    }
    #expect(throws: LayerError.self) { try Safetensors(bytes + [0, 0, 0, 0]) }
  }

  @Test(arguments: [
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#,
    #"{"a":{"dtype":"F32","shape":[1]}}"#,
    #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    #"[]"#, "{",
  ])
  func `headers that cannot be are refused`(header: String) {
    let length = UInt8(header.utf8.count)
    let bytes = [length, 0, 0, 0, 0, 0, 0, 0] + Array(header.utf8) + [0, 0, 0, 0]
    #expect(throws: LayerError.self) { try Safetensors(bytes) }
  }
}
