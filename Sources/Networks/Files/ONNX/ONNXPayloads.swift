import SwiftProtobuf

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension ONNXModelProto {
  /// Decodes a model whose large tensors stay where they are: `rawData` of an initializer is then a
  /// part of `bytes`, which may be a mapped file, instead of a copy. What is decoded is the same.
  init(
    leavingPayloadsIn bytes: Data, of leastByteCount: Int = 4096, options: BinaryDecodingOptions
  ) throws {
    guard let split = ONNXPayloads(bytes, of: leastByteCount) else {
      // Damaged: the decoder says where.
      try self.init(serializedBytes: bytes, options: options)
      return
    }
    try self.init(serializedBytes: split.rest, options: options)
    for (index, range) in split.ranges { graph.initializer[index].rawData = bytes[range] }
  }
}

/// A model's bytes without the large `raw_data` of its initializers.
private struct ONNXPayloads {
  /// Numbers of the fields on the way.
  private enum Field {
    static let graph = 7
    static let initializer = 5
    static let rawData = 9
  }

  private(set) var rest: [UInt8] = []
  /// Where the bytes of initializers lie, by their place among all.
  private(set) var ranges: [Int: Range<Int>] = [:]
  private var initializerCount = 0
  private let leastByteCount: Int

  /// Nil where the bytes do not have the form of messages.
  init?(_ bytes: Data, of leastByteCount: Int) {
    self.leastByteCount = leastByteCount
    let isWhole: Bool = bytes.withUnsafeBytes { bytes in
      var model = WireFields(bytes, 0..<bytes.count)
      while let field = model.next() {
        if field.number == Field.graph, let body = field.body {
          guard let graph = withoutPayloads(graph: body, in: bytes) else { return false }
          rest += bytes[field.tag]
          rest.append(length: graph.count)
          rest += graph
        } else {
          rest += bytes[field.whole]
        }
      }
      return !model.isDamaged
    }
    guard isWhole else { return nil }
    // Slices count from where they start.
    ranges = ranges.mapValues { range in
      range.lowerBound + bytes.startIndex..<range.upperBound + bytes.startIndex
    }
  }

  private mutating func withoutPayloads(
    graph body: Range<Int>, in bytes: UnsafeRawBufferPointer
  ) -> [UInt8]? {
    var rest: [UInt8] = []
    var graph = WireFields(bytes, body)
    while let field = graph.next() {
      if field.number == Field.initializer, let body = field.body {
        guard let tensor = withoutPayload(tensor: body, in: bytes) else { return nil }
        rest += bytes[field.tag]
        rest.append(length: tensor.count)
        rest += tensor
        initializerCount += 1
      } else {
        rest += bytes[field.whole]
      }
    }
    return graph.isDamaged ? nil : rest
  }

  private mutating func withoutPayload(
    tensor body: Range<Int>, in bytes: UnsafeRawBufferPointer
  ) -> [UInt8]? {
    var rest: [UInt8] = []
    var tensor = WireFields(bytes, body)
    while let field = tensor.next() {
      if field.number == Field.rawData, let payload = field.body {
        // Of several, the last one counts.
        ranges[initializerCount] = nil
        if payload.count >= leastByteCount {
          ranges[initializerCount] = payload
          continue
        }
      }
      rest += bytes[field.whole]
    }
    return tensor.isDamaged ? nil : rest
  }
}

/// The fields of one message in Protocol Buffers' wire format, one after the other.
private struct WireFields {
  struct Field {
    let number: Int
    /// Tag, length and body.
    let whole: Range<Int>
    let tag: Range<Int>
    /// Of a field with a length.
    let body: Range<Int>?
  }

  private let bytes: UnsafeRawBufferPointer
  private var position: Int
  private let end: Int
  /// Whether what follows has not the form of a field.
  private(set) var isDamaged = false

  init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  /// The next field; nil at the end, and where there is none.
  mutating func next() -> Field? {
    guard position < end, !isDamaged else { return nil }
    let start = position
    guard let key = number(), key >> 3 >= 1, key >> 3 < 1 << 29 else { return damaged() }
    let tag = start..<position
    var body: Range<Int>?
    switch key & 7 {
    case 0: if number() == nil { return damaged() }
    case 1: position += 8
    case 5: position += 4
    case 2:
      guard let count = number(), count <= UInt64(end - position) else { return damaged() }
      body = position..<position + Int(count)
      position += Int(count)
    default: return damaged()  // Groups, which ONNX does not have.
    }
    guard position <= end else { return damaged() }
    return Field(number: Int(key >> 3), whole: start..<position, tag: tag, body: body)
  }

  private mutating func damaged() -> Field? {
    isDamaged = true
    return nil
  }

  /// A number of seven bits to a byte; nil where it has no end, or does not fit.
  private mutating func number() -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard position < end else { return nil }
      let byte = bytes[position]
      position += 1
      guard shift < 63 || byte < 2 else { return nil }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }
}

extension [UInt8] {
  /// Seven bits to a byte.
  fileprivate mutating func append(length: Int) {
    var length = length
    while length >= 0x80 {
      append(UInt8(length & 0x7F | 0x80))
      length >>= 7
    }
    append(UInt8(length))
  }
}
