package import Explanations
import Foundation

extension JSONValue {
  /// All values in a group of options that are no groups themselves, by dotted keys in alphabetical
  /// order.
  package var leaves: [(key: String, value: JSONValue)] {
    guard case .object(let fields) = self else { return [] }
    return fields.sorted { $0.key < $1.key }.flatMap { name, value in
      guard case .object = value else { return [(name, value)] }
      return value.leaves.map { ("\(name).\($0.key)", $0.value) }
    }
  }

  /// The value as a user would type it.
  package var text: String {
    if case .string(let text) = self { return text }
    return (try? JSONText.line(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}
