public import Explanations
import Networks

/// The methods of a job and their options, from what a user wrote.
public enum MethodSelection {
  /// Configures the named methods; `all` stands for every method of the catalogue.
  ///
  /// A setting `KEY=VALUE` reaches every chosen method that has KEY, `METHOD.KEY=VALUE` that method
  /// only; keys are dotted where options have parts. Throws for methods that do not exist or occur
  /// twice, settings that reach none, and values that do not fit.
  public static func methods(
    named names: [String], settings: [String]
  ) throws(JobError) -> [ConfiguredExplainer] {
    let entries = try entries(named: names)
    var options = [MethodOptions](repeating: MethodOptions(), count: entries.count)
    for setting in settings {
      let (key, value) = try parts(of: setting)
      let reached = try recipients(of: key, setting: setting, among: entries)
      for (index, key) in reached { options[index].set(key, to: value) }
    }
    var methods: [ConfiguredExplainer] = []
    for (entry, options) in zip(entries, options) {
      do throws(ExplainerError) {
        methods.append(try entry.configured(options))
      } catch {
        throw JobError(.request, "\(error); 'tidemark methods \(entry.about.name)' lists options")
      }
    }
    return methods
  }

  private static func entries(named names: [String]) throws(JobError) -> [ExplainerEntry] {
    guard names != ["all"] else { return ExplainerCatalog.all }
    guard !names.contains("all") else {
      throw JobError(.request, "'all' chooses every method, so no other can stand beside it")
    }
    guard !names.isEmpty else {
      throw JobError(.request, "no method is chosen; 'tidemark methods' lists them")
    }
    var entries: [ExplainerEntry] = []
    for name in names {
      guard let entry = ExplainerCatalog.entry(named: name) else {
        let near = ExplainerCatalog.names(near: name)
        let known = ExplainerCatalog.all.map(\.about.name).joined(separator: ", ")
        throw JobError(
          .request,
          "no method is called '\(name)'; "
            + (near.isEmpty
              ? "there are \(known), or all"
              : "did you mean \(near.joined(separator: " or "))? 'tidemark methods' lists all"))
      }
      guard !entries.contains(where: { $0.about.name == name }) else {
        throw JobError(.request, "the method '\(name)' is chosen twice; once is enough")
      }
      entries.append(entry)
    }
    return entries
  }

  private static func parts(of setting: String) throws(JobError) -> (String, String) {
    guard let sign = setting.firstIndex(of: "="), sign != setting.startIndex else {
      throw JobError(
        .request, "--set '\(setting)': expected KEY=VALUE or METHOD.KEY=VALUE, such as steps=64")
    }
    return (String(setting[..<sign]), String(setting[setting.index(after: sign)...]))
  }

  /// Which methods a key reaches, and what it is called there.
  private static func recipients(
    of key: String, setting: String, among entries: [ExplainerEntry]
  ) throws(JobError) -> [(index: Int, key: String)] {
    // A method's name comes first: no option is called like a method.
    if let dot = key.firstIndex(of: "."),
      ExplainerCatalog.entry(named: String(key[..<dot])) != nil
    {
      let method = String(key[..<dot])
      guard let index = entries.firstIndex(where: { $0.about.name == method }) else {
        throw JobError(
          .request, "--set '\(setting)': the method '\(method)' is not chosen; add it by --method")
      }
      return [(index, String(key[key.index(after: dot)...]))]
    }
    let reached = entries.indices.filter { entries[$0].hasOption(key) }
    guard !reached.isEmpty else {
      let keys = Set(entries.flatMap { $0.defaults.leaves.map(\.key) }).sorted()
      let near = NearMatches.of(key, among: keys)
      throw JobError(
        .request,
        "--set '\(setting)': no chosen method has an option '\(key)'; "
          + (near.isEmpty
            ? "there are \(keys.isEmpty ? "none" : keys.joined(separator: ", "))"
            : "did you mean \(near.joined(separator: " or "))?"))
    }
    return reached.map { ($0, key) }
  }
}
