#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The files beside a model that hold its larger tensors. None outside the model's folder is touched.
final class ONNXExternalData {
  private let folder: String?
  private var files: [String: Data] = [:]

  /// Where the files lie that have been read.
  private(set) var paths: Set<String> = []

  /// - Parameter folder: absolute, without symbolic links; nil for a model that came as bytes alone.
  init(folder: String?) { self.folder = folder }

  /// The bytes that a tensor's `external_data` entries point to. Throws unless there are `count`.
  func bytes(
    for entries: [ONNXStringStringEntryProto], of tensor: String, count: Int
  ) throws(LayerError) -> Data {
    func entry(_ key: String) -> String? { entries.first { $0.key == key }?.value }
    func number(_ key: String, default value: Int) throws(LayerError) -> Int {
      guard let text = entry(key) else { return value }
      guard let number = Int(text), number >= 0 else {
        throw LayerError("tensor '\(tensor)' lies outside the model, at \(key) '\(text)'")
      }
      return number
    }
    guard let location = entry("location") else {
      throw LayerError("tensor '\(tensor)' lies outside the model, but no file is named")
    }
    let offset = try number("offset", default: 0)
    let length = try number("length", default: count)
    guard length == count else {
      throw LayerError("tensor '\(tensor)' takes \(count) bytes, but '\(location)' has \(length)")
    }
    let file = try contents(of: location, for: tensor)
    guard offset <= file.count, file.count - offset >= count else {
      throw LayerError(
        "tensor '\(tensor)' takes \(count) bytes at \(offset) of '\(location)', which has "
          + "\(file.count); the file is damaged")
    }
    let start = file.startIndex + offset
    return file[start..<start + count]
  }

  private func contents(of location: String, for tensor: String) throws(LayerError) -> Data {
    if let known = files[location] { return known }
    guard let folder else {
      throw LayerError(
        "tensor '\(tensor)' lies in '\(location)' beside the model, but only the model's bytes are "
          + "at hand; read it by its path")
    }
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !location.hasPrefix("/"), !parts.contains(".."), !location.isEmpty else {
      throw LayerError("tensor '\(tensor)' lies in '\(location)', outside the model's folder")
    }
    do throws(LayerError) {
      let file = try RegularFile("\(folder)/\(location)")
      guard file.path.hasPrefix(folder == "/" ? "/" : "\(folder)/") else {
        throw LayerError("leads outside the model's folder")
      }
      let bytes = try file.contents(limit: .max)
      files[location] = bytes
      paths.insert(file.path)
      return bytes
    } catch {
      throw LayerError("tensor '\(tensor)' lies in '\(location)': \(error.reason)")
    }
  }
}
