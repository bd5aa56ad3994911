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
    try OptionSettings(settings).configured(
      try entries(named: names), among: ExplainerCatalog.all, noun: "method")
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
}
