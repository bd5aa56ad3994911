public import Measures
import Networks

/// The measures of an evaluation and their options, from what a user wrote.
public enum MeasureSelection {
  /// Groups whose measures explain nothing again.
  public static let preferred =
    [MeasureDescription.Group.localization, .faithfulness, .completeness, .complexity]
    .map(\.rawValue)

  /// Configures the named measures and those of the named groups, in the catalogue's order; `all` stands
  /// for every one. Settings are as those of methods.
  public static func measures(
    named names: [String], settings: [String]
  ) throws(JobError) -> [ConfiguredMeasure] {
    let known =
      MeasureDescription.Group.allCases.map(\.rawValue) + MeasureCatalog.all.map(\.about.name)
    for name in names where name != "all" && !known.contains(name) {
      let near = NearMatches.of(name, among: known)
      throw JobError(
        .request,
        "--measure: there is no measure or group '\(name)'; "
          + (near.isEmpty
            ? "'tidemark evaluate --list' lists them"
            : "did you mean \(near.joined(separator: " or "))?"))
    }
    let entries = MeasureCatalog.all.filter { entry in
      names.contains("all") || names.contains(entry.about.name)
        || names.contains(entry.about.group.rawValue)
    }
    return try OptionSettings(settings).configured(
      entries, among: MeasureCatalog.all, noun: "measure")
  }
}
