public import Tensors

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A file of named tensors and texts (`.safetensors`): a length, a JSON header, then the values.
///
/// Of the format's types, 32-bit floats are read and written.
public struct Safetensors: Sendable, Equatable {
  public var tensors: [String: Tensor]
  /// Texts by key.
  public var metadata: [String: String]

  public init(tensors: [String: Tensor] = [:], metadata: [String: String] = [:]) {
    self.tensors = tensors
    self.metadata = metadata
  }

  /// The largest header that is read.
  private static let headerLimit = 100 << 20

  private static let metadataKey = "__metadata__"

  /// The file; equal contents are equal bytes.
  public func bytes() -> [UInt8] {
    var entries: [String] = []
    if !metadata.isEmpty {
      let texts = metadata.sorted { $0.key < $1.key }
        .map { "\(Self.quoted($0.key)):\(Self.quoted($0.value))" }
      entries.append("\"\(Self.metadataKey)\":{\(texts.joined(separator: ","))}")
    }
    let sorted = tensors.sorted { $0.key < $1.key }
    var offset = 0
    for (name, tensor) in sorted {
      let extents = tensor.shape.extents.map(String.init).joined(separator: ",")
      let end = offset + 4 * tensor.count
      entries.append(
        "\(Self.quoted(name)):{\"dtype\":\"F32\",\"shape\":[\(extents)],"
          + "\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = Array("{\(entries.joined(separator: ","))}".utf8)
    // Values begin at a multiple of eight.
    header += Array(repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 + header.count + offset)
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { bytes += $0 }
    bytes += header
    for (_, tensor) in sorted {
      tensor.withScalars { scalars in
        for scalar in scalars {
          withUnsafeBytes(of: scalar.bitPattern.littleEndian) { bytes += $0 }
        }
      }
    }
    return bytes
  }

  /// Writes the file, replacing one that is there only when all is written.
  public func write(_ path: String) throws(ModelError) {
    do throws(LayerError) {
      try RegularFile.write(bytes(), to: path)
    } catch {
      throw ModelError(.unreadable, error.reason, file: path)
    }
  }

  /// Reads a file. Throws for one that is not whole and of this format.
  public static func read(_ path: String) throws(ModelError) -> Safetensors {
    do throws(LayerError) {
      return try Safetensors([UInt8](try RegularFile(path).contents(limit: 1 << 34)))
    } catch {
      throw ModelError(.malformed, error.reason, file: path)
    }
  }

  /// Throws a sentence for bytes that are not of this format: every value must belong to one tensor.
  public init(_ bytes: [UInt8]) throws(LayerError) {
    guard bytes.count >= 8 else { throw LayerError("is too short for safetensors") }
    let length = bytes[..<8].reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(Self.headerLimit), Int(length) <= bytes.count - 8 else {
      throw LayerError("announces a header of \(length) bytes, which it does not hold")
    }
    let body = bytes[(8 + Int(length))...]
    let header: [String: Entry]
    do {
      let text = Data(bytes[8..<body.startIndex])
      header = try JSONDecoder().decode([String: Entry].self, from: text)
    } catch {
      throw LayerError("its header is no JSON of tensors")
    }
    metadata = header[Self.metadataKey]?.texts ?? [:]
    tensors = [:]
    var ranges: [Range<Int>] = []
    for (name, entry) in header where name != Self.metadataKey {
      guard let tensor = entry.tensor else { throw LayerError("'\(name)' is no tensor") }
      guard tensor.dtype == "F32" else {
        throw LayerError("'\(name)' holds \(tensor.dtype); only F32 can be read")
      }
      guard let shape = Shape(validating: tensor.shape, limit: ModelLimits.fileByteCount),
        tensor.data_offsets.count == 2, tensor.data_offsets[0] >= 0,
        tensor.data_offsets[1] <= body.count,
        tensor.data_offsets[1] - tensor.data_offsets[0] == 4 * shape.count
      else { throw LayerError("'\(name)' has a shape or place that is not possible") }
      let range = tensor.data_offsets[0]..<tensor.data_offsets[1]
      ranges.append(range)
      tensors[name] = body.withUnsafeBytes { raw in
        Tensor(shape: shape) { target in
          for index in target.indices {
            let bits = raw.loadUnaligned(
              fromByteOffset: range.lowerBound + 4 * index, as: UInt32.self)
            target.initializeElement(
              at: index, to: Float(bitPattern: UInt32(littleEndian: bits)))
          }
        }
      }
    }
    var end = 0
    ranges.sort { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }
    for range in ranges {
      guard range.lowerBound == end else { throw LayerError("its tensors overlap or leave gaps") }
      end = range.upperBound
    }
    guard end == body.count else {
      throw LayerError("holds \(body.count) bytes of values, but its tensors take \(end)")
    }
  }

  private static func quoted(_ text: String) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    // A text always has a form in JSON.
    return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }

  /// A tensor's place, or the texts.
  private struct Entry: Decodable {
    struct Place: Decodable {
      let dtype: String
      let shape: [Int]
      let data_offsets: [Int]
    }

    let tensor: Place?
    let texts: [String: String]?

    init(from decoder: any Decoder) throws {
      tensor = try? Place(from: decoder)
      texts = tensor == nil ? try [String: String](from: decoder) : nil
    }
  }
}
