import Networks

/// All measures, in the order in which tables show them.
public enum MeasureCatalog {
  public static let all: [MeasureEntry] = [
    MeasureEntry(PointingGame.self),
    MeasureEntry(PointingGameMask.self),
    MeasureEntry(EnergyInBox.self),
    MeasureEntry(EnergyInMask.self),
    MeasureEntry(PositiveOverlap.self),
    MeasureEntry(PositivePart.self),
    MeasureEntry(Concentration.self),
    MeasureEntry(ROCArea.self),
    MeasureEntry(AveragePrecision.self),
    MeasureEntry(LocalizationIoU.self),
    MeasureEntry(Insertion.self),
    MeasureEntry(Deletion.self),
    MeasureEntry(DeletionToBlur.self),
    MeasureEntry(ROAD.self),
    MeasureEntry(Infidelity.self),
    MeasureEntry(NormalizedInfidelity.self),
    MeasureEntry(SensitivityN.self),
    MeasureEntry(MaxSensitivity.self),
    MeasureEntry(SeedStability.self),
    MeasureEntry(ParameterRandomization.self),
    MeasureEntry(ParameterRandomizationSSIM.self),
    MeasureEntry(CompletenessGap.self),
    MeasureEntry(Gini.self),
    MeasureEntry(Entropy.self),
    MeasureEntry(EnergyArea.self),
  ]

  /// The measure of that name, or nil.
  public static func entry(named name: String) -> MeasureEntry? {
    all.first { $0.about.name == name }
  }

  /// Names that somebody who typed `name` may have meant.
  public static func names(near name: String) -> [String] {
    NearMatches.of(name, among: all.map(\.about.name))
  }
}
