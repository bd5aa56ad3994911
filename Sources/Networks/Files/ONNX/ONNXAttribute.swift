#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A node's attribute, by type.
enum ONNXAttribute {
  case float(Float)
  case integer(Int)
  case string(String)
  case floats([Float])
  case integers([Int])
  case tensor(ONNXTensorProto)
  /// A graph, a list of strings or whatever else no operator here reads.
  case other

  init(_ proto: ONNXAttributeProto) {
    switch proto.type {
    case .float: self = .float(proto.f)
    case .int: self = .integer(Int(proto.i))
    case .string: self = .string(String(decoding: proto.s, as: UTF8.self))
    case .floats: self = .floats(proto.floats)
    case .ints: self = .integers(proto.ints.map { Int($0) })
    case .tensor: self = .tensor(proto.t)
    case .undefined: self = Self.untyped(proto)
    default: self = .other
    }
  }

  /// Files of the format's first version carry no types: what is there tells.
  private static func untyped(_ proto: ONNXAttributeProto) -> ONNXAttribute {
    if !proto.ints.isEmpty { return .integers(proto.ints.map { Int($0) }) }
    if !proto.floats.isEmpty { return .floats(proto.floats) }
    if !proto.s.isEmpty { return .string(String(decoding: proto.s, as: UTF8.self)) }
    if proto.hasT { return .tensor(proto.t) }
    return proto.f != 0 ? .float(proto.f) : .integer(Int(proto.i))
  }

  /// The attribute as a file has it.
  func proto(named name: String) -> ONNXAttributeProto {
    var proto = ONNXAttributeProto()
    proto.name = name
    switch self {
    case .float(let value): (proto.type, proto.f) = (.float, value)
    case .integer(let value): (proto.type, proto.i) = (.int, Int64(value))
    case .string(let text): (proto.type, proto.s) = (.string, Data(text.utf8))
    case .floats(let values): (proto.type, proto.floats) = (.floats, values)
    case .integers(let values): (proto.type, proto.ints) = (.ints, values.map { Int64($0) })
    case .tensor(let tensor): (proto.type, proto.t) = (.tensor, tensor)
    case .other: break
    }
    return proto
  }

  /// What a sentence calls it.
  var description: String {
    switch self {
    case .float: "a number"
    case .integer: "an integer"
    case .string: "a text"
    case .floats: "a list of numbers"
    case .integers: "a list of integers"
    case .tensor: "a tensor"
    case .other: "of another kind"
    }
  }
}
