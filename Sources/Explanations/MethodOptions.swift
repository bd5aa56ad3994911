import Foundation
import Networks

/// Changes to a method's defaults: dotted keys such as `search.steps`, and values as users type them.
public struct MethodOptions: Sendable, Hashable {
  public private(set) var settings: [(key: String, value: String)] = []

  public init() {}

  public init(_ settings: KeyValuePairs<String, String>) {
    self.settings = settings.map { ($0.key, $0.value) }
  }

  /// Later settings win.
  public mutating func set(_ key: String, to value: String) { settings.append((key, value)) }

  public static func == (a: Self, b: Self) -> Bool {
    a.settings.elementsEqual(b.settings, by: ==)
  }

  public func hash(into hasher: inout Hasher) {
    for setting in settings {
      hasher.combine(setting.key)
      hasher.combine(setting.value)
    }
  }

  /// The method's defaults with these options laid over them. Throws for a key that the defaults do
  /// not have, a value of another type, and a value outside its range.
  func applied<E: Explainer>(to defaults: E) throws(ExplainerError) -> E {
    let configured = try applied(to: defaults, for: E.about.name)
    try configured.validate()
    return configured
  }

  /// As `applied(to:)`, for anything that has parameters, which are not checked for their range.
  package func applied<Parameters: Codable>(
    to defaults: Parameters, for method: String
  ) throws(ExplainerError) -> Parameters {
    var tree = try JSONValue.encoding(defaults, for: method)
    var configured = defaults
    for (key, value) in settings {
      do throws(OptionError) {
        try tree.set(key.split(separator: ".", omittingEmptySubsequences: false)[...], to: value)
      } catch {
        throw .option(method: method, reason: "'\(key)': \(error.reason)")
      }
      do {
        configured = try JSONDecoder().decode(Parameters.self, from: JSONEncoder().encode(tree))
        // A choice may have brought options of its own.
        tree = try JSONValue.encoding(configured, for: method)
      } catch DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty {
        throw .option(
          method: method, reason: "'\(key)' cannot be '\(value)'; \(context.debugDescription)")
      } catch {
        throw .option(method: method, reason: "'\(key)' cannot be '\(value)'")
      }
    }
    return configured
  }
}

/// Why a value cannot be set; the caller adds the key.
struct OptionError: Error {
  let reason: String
}

extension JSONValue {
  /// A method's parameters as JSON.
  package static func encoding(
    _ parameters: some Encodable, for method: String
  ) throws(ExplainerError) -> JSONValue {
    do {
      return try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(parameters))
    } catch {
      throw .option(method: method, reason: "parameters cannot be written as JSON: \(error)")
    }
  }

  /// A method with these parameters.
  func decoded<E: Explainer>(as type: E.Type) throws(ExplainerError) -> E {
    let explainer: E
    do {
      explainer = try JSONDecoder().decode(E.self, from: JSONEncoder().encode(self))
    } catch {
      throw .option(method: E.about.name, reason: "parameters cannot be read: \(error)")
    }
    try explainer.validate()
    return explainer
  }

  /// Whether a dotted key names a value.
  package func contains(_ path: ArraySlice<Substring>) -> Bool {
    guard let key = path.first else { return true }
    guard case .object(let fields) = self, let field = fields[String(key)] else { return false }
    return field.contains(path.dropFirst())
  }

  /// Replaces the value under a dotted key by one of the same kind, read from text.
  mutating func set(_ path: ArraySlice<Substring>, to text: String) throws(OptionError) {
    guard let key = path.first else {
      self = try parsed(text)
      return
    }
    guard case .object(var fields) = self else {
      throw OptionError(reason: "has no parts, so '\(key)' cannot be set")
    }
    guard var field = fields[String(key)] else {
      let near = NearMatches.of(String(key), among: fields.keys.sorted())
      let known = fields.keys.sorted().joined(separator: ", ")
      throw OptionError(
        reason: near.isEmpty
          ? "there is no such option; there are: \(known.isEmpty ? "none" : known)"
          : "there is no such option; did you mean \(near.joined(separator: " or "))?")
    }
    try field.set(path.dropFirst(), to: text)
    fields[String(key)] = field
    self = .object(fields)
  }

  /// Text as a value of this one's kind.
  private func parsed(_ text: String) throws(OptionError) -> JSONValue {
    switch self {
    case .string:
      return .string(text)
    case .bool:
      switch text.lowercased() {
      case "true", "yes", "on", "1": return .bool(true)
      case "false", "no", "off", "0": return .bool(false)
      default: break
      }
    case .integer:
      // A fraction may turn out right: 1.0 is written 1 when a default is encoded.
      if let value = Int(text) { return .integer(value) }
      if let value = Double(text), value.isFinite { return .number(value) }
    case .number:
      if let value = Double(text), value.isFinite { return .number(value) }
    case .object(let fields) where fields["name"] != nil && !text.hasPrefix("{"):
      // One of several groups, chosen by its name.
      return .string(text)
    case .array, .object, .null:
      if let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) {
        return value
      }
    }
    throw OptionError(reason: "expects \(kind), found '\(text)'")
  }
}
