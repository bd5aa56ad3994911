import Foundation
import SwiftProtobuf
import TestSupport
import Testing

@testable import Networks

@Suite struct ONNXPayloadTests {
  /// Both ways to decode a model, the one of this test with every payload left in the bytes.
  private static func decoded(_ bytes: Data) -> (apart: ONNXModelProto?, whole: ONNXModelProto?) {
    var options = BinaryDecodingOptions()
    options.discardUnknownFields = true
    return (
      try? ONNXModelProto(leavingPayloadsIn: bytes, of: 0, options: options),
      try? ONNXModelProto(serializedBytes: bytes, options: options)
    )
  }

  @Test func `stored models decode to the same`() throws {
    for bytes in try ModelMutationTests.stored() {
      let (apart, whole) = Self.decoded(Data(bytes))
      #expect(whole != nil && apart == whole)
      // A slice counts from elsewhere.
      let slice = Data([0, 1, 2] + bytes)[3...]
      #expect(Self.decoded(slice).apart == whole)
    }
  }

  @Test func `damaged models decode to the same, or not at all`() throws {
    let models = try ModelMutationTests.stored()
    var random = TestRandom(11)
    var (same, refused) = (0, 0)
    for index in 0..<ModelMutationTests.count {
      var bytes = models[index % models.count]
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        ModelMutationTests.damage(&bytes, &random)
      }
      let (apart, whole) = Self.decoded(Data(bytes))
      #expect(apart == whole)
      if whole == nil { refused += 1 } else { same += 1 }
    }
    #expect(same > 100 && refused > 100)
  }

  @Test func `of several payloads the last one counts, and graphs in pieces are one`() throws {
    func field(_ number: Int, _ body: [UInt8]) -> [UInt8] {
      [UInt8(number << 3 | 2), UInt8(body.count)] + body
    }
    let first = field(5, field(9, [1, 2, 3]) + field(8, [0x61]) + field(9, [4, 5]))
    let second = field(5, field(9, [6]))
    let third = field(5, field(9, [7, 8, 9]) + field(9, []))
    let (apart, whole) = Self.decoded(Data(field(7, first + second) + field(7, third)))
    let model = try #require(apart)
    #expect(model == whole)
    #expect(model.graph.initializer.map { Array($0.rawData) } == [[4, 5], [6], []])
  }
}
