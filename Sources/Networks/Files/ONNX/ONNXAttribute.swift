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
