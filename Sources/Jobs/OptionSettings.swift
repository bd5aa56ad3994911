import Explanations
import Measures
import Networks

/// A line of a catalogue that options configure.
protocol ConfigurableEntry {
  associatedtype Configured
  var name: String { get }
  var defaults: JSONValue { get }
  /// Whether there is such an option once others are set.
  func hasOption(_ key: String, after options: MethodOptions) -> Bool
  func configured(_ options: MethodOptions) throws(ExplainerError) -> Configured
}

extension ExplainerEntry: ConfigurableEntry {
  var name: String { about.name }
}

extension MeasureEntry: ConfigurableEntry {
  var name: String { about.name }
  func hasOption(_ key: String, after options: MethodOptions) -> Bool { hasOption(key) }
}

/// Settings `KEY=VALUE`, which reach every chosen entry of a catalogue that has KEY, and
/// `NAME.KEY=VALUE`, which reach that entry only; keys are dotted where options have parts.
struct OptionSettings {
  private let settings: [String]

  init(_ settings: [String]) { self.settings = settings }

  /// The chosen entries with their options. Throws for settings that reach none, and values that do not
  /// fit.
  ///
  /// - Parameters:
  ///   - catalog: all entries, whose names no option has.
  ///   - noun: what an entry is called.
  func configured<Entry: ConfigurableEntry>(
    _ entries: [Entry], among catalog: [Entry], noun: String
  ) throws(JobError) -> [Entry.Configured] {
    var options = [MethodOptions](repeating: MethodOptions(), count: entries.count)
    for setting in settings {
      let (key, value) = try Self.parts(of: setting, noun: noun)
      let reached = try Self.recipients(
        of: key, setting: setting, entries: entries, options, catalog: catalog, noun: noun)
      for (index, key) in reached { options[index].set(key, to: value) }
    }
    var configured: [Entry.Configured] = []
    for (entry, options) in zip(entries, options) {
      do throws(ExplainerError) {
        configured.append(try entry.configured(options))
      } catch {
        let hint = noun == "method" ? "; 'tidemark methods \(entry.name)' lists options" : ""
        throw JobError(.request, "\(error)\(hint)")
      }
    }
    return configured
  }

  private static func parts(
    of setting: String, noun: String
  ) throws(JobError) -> (String, String) {
    guard let sign = setting.firstIndex(of: "="), sign != setting.startIndex else {
      throw JobError(
        .request,
        "--set '\(setting)': expected KEY=VALUE or \(noun.uppercased()).KEY=VALUE, such as steps=64"
      )
    }
    return (String(setting[..<sign]), String(setting[setting.index(after: sign)...]))
  }

  /// Which entries a key reaches, and what it is called there.
  private static func recipients<Entry: ConfigurableEntry>(
    of key: String, setting: String, entries: [Entry], _ options: [MethodOptions],
    catalog: [Entry], noun: String
  ) throws(JobError) -> [(index: Int, key: String)] {
    // An entry's name comes first: no option is called like one.
    if let dot = key.firstIndex(of: "."), catalog.contains(where: { $0.name == key[..<dot] }) {
      let name = String(key[..<dot])
      guard let index = entries.firstIndex(where: { $0.name == name }) else {
        throw JobError(
          .request, "--set '\(setting)': the \(noun) '\(name)' is not chosen; add it by --\(noun)")
      }
      return [(index, String(key[key.index(after: dot)...]))]
    }
    let reached = entries.indices.filter { entries[$0].hasOption(key, after: options[$0]) }
    guard !reached.isEmpty else {
      let keys = Set(entries.flatMap { $0.defaults.leaves.map(\.key) }).sorted()
      let near = NearMatches.of(key, among: keys)
      throw JobError(
        .request,
        "--set '\(setting)': no chosen \(noun) has an option '\(key)'; "
          + (near.isEmpty
            ? "there are \(keys.isEmpty ? "none" : keys.joined(separator: ", "))"
            : "did you mean \(near.joined(separator: " or "))?"))
    }
    return reached.map { ($0, key) }
  }
}
