public import Tensors

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Why bytes are no NumPy array that can be read.
public struct NPYError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What was expected and found.
  public let description: String

  init(_ description: String) { self.description = description }
}

/// NumPy's file format for one array (`.npy`).
public enum NPY {
  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// A file of version 1.0 with little-endian `float32` values, byte for byte as NumPy writes it.
  public static func bytes(of tensor: Tensor) -> [UInt8] {
    let extents = tensor.shape.extents
    let shape = extents.map { "\($0)," }.joined(separator: " ")
    var header = "{'descr': '<f4', 'fortran_order': False, 'shape': "
    header += "(\(extents.count == 1 ? shape : String(shape.dropLast()))), }"
    // NumPy leaves room for the leading extent to grow to 21 digits.
    if let leading = extents.first { header += spaces(max(0, 21 - "\(leading)".count)) }
    let bare = magic.count + 4 + header.utf8.count + 1
    header += spaces((64 - bare % 64) % 64) + "\n"
    let length = header.utf8.count
    var bytes =
      magic + [1, 0, UInt8(truncatingIfNeeded: length), UInt8(truncatingIfNeeded: length >> 8)]
    bytes.reserveCapacity(bytes.count + length + tensor.count * 4)
    bytes += header.utf8
    tensor.withScalars { scalars in
      for scalar in scalars { withUnsafeBytes(of: scalar.bitPattern.littleEndian) { bytes += $0 } }
    }
    return bytes
  }

  /// Reads a file; see `tensor(from:)`.
  public static func read(_ path: String) throws(NPYError) -> Tensor {
    let bytes: Data
    do throws(LayerError) {
      bytes = try RegularFile(path).contents(limit: ModelLimits.fileByteCount)
    } catch {
      throw NPYError("\(path): \(error.reason)")
    }
    do throws(NPYError) {
      return try tensor(from: Array(bytes))
    } catch {
      throw NPYError("\(path): \(error)")
    }
  }

  /// The array in a file's bytes, as `Float`: little-endian `f2`, `f4`, `f8` and `i4`, and `u1`, in C
  /// order. Throws unless the bytes are exactly such an array.
  public static func tensor(from bytes: [UInt8]) throws(NPYError) -> Tensor {
    guard bytes.count >= 12, bytes.starts(with: magic) else {
      throw NPYError("is not a NumPy array (.npy)")
    }
    let wide = bytes[6] >= 2
    guard (1...3).contains(bytes[6]) else {
      throw NPYError("is a NumPy array of version \(bytes[6]); 1 to 3 can be read")
    }
    let sizeBytes = bytes[8..<(wide ? 12 : 10)]
    let length = sizeBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= bytes.count - sizeBytes.endIndex else {
      throw NPYError("its header is cut off")
    }
    let body = bytes[(sizeBytes.endIndex + length)...]
    let header = try NPYHeader(bytes[sizeBytes.endIndex..<body.startIndex])
    guard let shape = Shape(validating: header.extents, limit: ModelLimits.fileByteCount) else {
      throw NPYError("its shape \(header.extents) is not possible")
    }
    guard let element = elements[header.type] else {
      throw NPYError(
        "holds '\(header.type)'; \(elements.keys.sorted().joined(separator: ", ")) can be read")
    }
    guard body.count == shape.count * element.width else {
      throw NPYError(
        "an array \(shape) of '\(header.type)' takes \(shape.count * element.width) bytes, found "
          + "\(body.count)")
    }
    return body.withUnsafeBytes { raw in
      Tensor(shape: shape) { target in
        for index in target.indices {
          target.initializeElement(at: index, to: element.read(raw, index * element.width))
        }
      }
    }
  }

  private struct Element: Sendable {
    let width: Int
    let read: @Sendable (UnsafeRawBufferPointer, Int) -> Float
  }

  private static let elements: [String: Element] = [
    "<f2": Element(width: 2) {
      Float(halfBits: UInt16(littleEndian: $0.loadUnaligned(fromByteOffset: $1, as: UInt16.self)))
    },
    "<f4": Element(width: 4) {
      let bits = UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: $1, as: UInt32.self))
      return Float(bitPattern: bits)
    },
    "<f8": Element(width: 8) {
      let bits = UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: $1, as: UInt64.self))
      return Float(Double(bitPattern: bits))
    },
    "<i4": Element(width: 4) {
      Float(Int32(littleEndian: $0.loadUnaligned(fromByteOffset: $1, as: Int32.self)))
    },
    "|u1": Element(width: 1) { Float($0[$1]) },
  ]

  private static func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }
}

/// The dictionary in front of an array, a literal of Python.
private struct NPYHeader {
  let type: String
  let extents: [Int]

  init(_ bytes: ArraySlice<UInt8>) throws(NPYError) {
    var text = Substring(String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace })
    var fields: [String: Substring] = [:]
    guard text.first == "{", text.last == "}" else { throw NPYError("its header is no dictionary") }
    text = text.dropFirst().dropLast()
    while !text.isEmpty {
      guard text.first == "'", let colon = text.firstIndex(of: ":") else {
        throw NPYError("its header cannot be understood")
      }
      let key = String(text[..<colon].dropFirst().dropLast())
      text = text[colon...].dropFirst()
      // A tuple holds commas of its own.
      let end = text.first == "(" ? text.firstIndex(of: ")").map(text.index(after:)) : nil
      let value = text[..<(end ?? text.firstIndex(of: ",") ?? text.endIndex)]
      guard fields.updateValue(value, forKey: key) == nil else {
        throw NPYError("its header names '\(key)' twice")
      }
      text = text[value.endIndex...]
      guard text.isEmpty || text.first == "," else {
        throw NPYError("its header cannot be understood")
      }
      text = text.dropFirst()
    }
    guard let type = fields["descr"], let order = fields["fortran_order"],
      let shape = fields["shape"], fields.count == 3, type.first == "'", type.last == "'",
      shape.first == "(", shape.last == ")"
    else { throw NPYError("its header lacks descr, fortran_order or shape") }
    guard order == "False" else {
      throw NPYError("is stored in Fortran order; save it with numpy.ascontiguousarray")
    }
    let parts = shape.dropFirst().dropLast().split(separator: ",")
    let extents = parts.compactMap { Int($0) }
    guard extents.count == parts.count, parts.count <= 32 else {
      throw NPYError("its shape \(shape) cannot be understood")
    }
    self.type = String(type.dropFirst().dropLast())
    self.extents = extents
  }
}
