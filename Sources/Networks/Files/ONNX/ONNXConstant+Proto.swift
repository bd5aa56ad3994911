import Tensors

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension ONNXConstant {
  /// Decodes a tensor of the file. Every length is compared with the shape before memory is taken.
  init(
    _ proto: ONNXTensorProto, name: String, external: ONNXExternalData
  ) throws(LayerError) {
    guard let shape = Shape(validating: proto.dims.map { Int($0) }, limit: ModelLimits.elementCount)
    else {
      throw LayerError(
        "tensor '\(name)' has the shape \(proto.dims); extents must be 0 or more, with at most "
          + "\(ModelLimits.elementCount) elements")
    }
    let source = try ONNXTensorSource(proto, name: name, shape: shape, external: external)
    self = try source.decoded().checked()
  }
}

/// Where the elements of a tensor lie, and how they are spelled.
private struct ONNXTensorSource {
  let proto: ONNXTensorProto
  let name: String
  let shape: Shape
  /// Little-endian elements; nil where a typed field has them.
  let raw: Data?

  init(
    _ proto: ONNXTensorProto, name: String, shape: Shape, external: ONNXExternalData
  ) throws(LayerError) {
    self.proto = proto
    self.name = name
    self.shape = shape
    if proto.dataLocation == .external {
      guard let width = proto.dataType.width else { throw Self.unsupported(proto, name) }
      raw = try external.bytes(for: proto.externalData, of: name, count: shape.count * width)
    } else {
      raw = proto.rawData.isEmpty ? nil : proto.rawData
    }
  }

  func decoded() throws(LayerError) -> ONNXConstant {
    switch proto.dataType {
    case .float:
      return try floats(proto.floatData, as: UInt32.self) { Float(bitPattern: $0) }
    case .double:
      return try floats(proto.doubleData.map { Float($0) }, as: UInt64.self) {
        Float(Double(bitPattern: $0))
      }
    case .float16:
      return try floats(halves { Float(halfBits: $0) }, as: UInt16.self) { Float(halfBits: $0) }
    case .bfloat16:
      return try floats(halves { Float(bitPattern: UInt32($0) << 16) }, as: UInt16.self) {
        Float(bitPattern: UInt32($0) << 16)
      }
    case .bool, .uint8: return try integers(proto.int32Data, as: UInt8.self)
    case .int8: return try integers(proto.int32Data, as: Int8.self)
    case .uint16: return try integers(proto.int32Data, as: UInt16.self)
    case .int16: return try integers(proto.int32Data, as: Int16.self)
    case .int32: return try integers(proto.int32Data, as: Int32.self)
    case .int64: return try integers(proto.int64Data, as: Int64.self)
    case .uint32: return try integers(proto.uint64Data, as: UInt32.self)
    case .uint64: return try integers(proto.uint64Data, as: UInt64.self)
    default: throw Self.unsupported(proto, name)
    }
  }

  private static func unsupported(_ proto: ONNXTensorProto, _ name: String) -> LayerError {
    LayerError(
      "tensor '\(name)' has elements of type \(proto.dataType.rawValue); real and whole numbers of "
        + "the usual widths can be read")
  }

  /// 16-bit patterns, which the typed field keeps one to an integer.
  private func halves(_ value: (UInt16) -> Float) -> [Float] {
    proto.int32Data.map { value(UInt16(truncatingIfNeeded: $0)) }
  }

  private func floats<Bits: FixedWidthInteger>(
    _ typed: [Float], as _: Bits.Type, _ value: (Bits) -> Float
  ) throws(LayerError) -> ONNXConstant {
    guard let raw else {
      try expect(typed.count, shape.count, "numbers")
      return ONNXConstant(Tensor(typed, shape: shape), name: name)
    }
    try expect(raw.count, shape.count * (Bits.bitWidth / 8), "bytes")
    let tensor = raw.withUnsafeBytes { bytes in
      Tensor(shape: shape) { target in
        if Bits.self == UInt32.self && UInt32(littleEndian: 1) == 1 {
          // Already what memory holds: forty times as fast as element by element.
          UnsafeMutableRawBufferPointer(target).copyMemory(from: bytes)
        } else {
          for index in target.indices {
            target.initializeElement(at: index, to: value(bytes.element(index)))
          }
        }
      }
    }
    return ONNXConstant(tensor, name: name)
  }

  private func integers<T: FixedWidthInteger>(
    _ typed: [some FixedWidthInteger], as _: T.Type
  ) throws(LayerError) -> ONNXConstant {
    guard let raw else {
      try expect(typed.count, shape.count, "numbers")
      return ONNXConstant(
        typed.map { Int(clamping: T(truncatingIfNeeded: $0)) }, shape: shape, name: name)
    }
    try expect(raw.count, shape.count * (T.bitWidth / 8), "bytes")
    let values = raw.withUnsafeBytes { bytes in
      (0..<shape.count).map { Int(clamping: bytes.element($0) as T) }
    }
    return ONNXConstant(values, shape: shape, name: name)
  }

  private func expect(_ found: Int, _ expected: Int, _ unit: String) throws(LayerError) {
    guard found == expected else {
      throw LayerError(
        "tensor '\(name)' \(shape) takes \(expected) \(unit), but the file holds \(found); the file "
          + "is damaged")
    }
  }
}

extension UnsafeRawBufferPointer {
  /// The little-endian number at a position counted in numbers. Traps outside.
  fileprivate func element<T: FixedWidthInteger>(_ index: Int) -> T {
    T(littleEndian: loadUnaligned(fromByteOffset: index * (T.bitWidth / 8), as: T.self))
  }
}

extension ONNXTensorProto.DataType {
  /// Bytes of one element; nil for types that are not read.
  var width: Int? {
    switch self {
    case .bool, .uint8, .int8: 1
    case .float16, .bfloat16, .uint16, .int16: 2
    case .float, .int32, .uint32: 4
    case .double, .int64, .uint64: 8
    default: nil
    }
  }
}

extension Float {
  /// The value of an IEEE half-precision pattern. (`Float16` does not exist on every platform.)
  init(halfBits bits: UInt16) {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 0x1F)
    let fraction = UInt32(bits & 0x3FF)
    switch exponent {
    case 0: self = sign * Float(fraction) * 0x1p-24
    case 31: self = Float(bitPattern: (sign < 0 ? 0xFF80_0000 : 0x7F80_0000) | fraction << 13)
    default:
      self =
        sign * Float(1024 + fraction) * Float(sign: .plus, exponent: exponent - 25, significand: 1)
    }
  }
}
