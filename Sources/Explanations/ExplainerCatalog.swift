import Networks

/// All methods, in the order in which lists show them.
public enum ExplainerCatalog {
  public static let all: [ExplainerEntry] = [
    ExplainerEntry(Gradient.self),
    ExplainerEntry(IntegratedGradients.self),
    ExplainerEntry(GuidedBackprop.self),
    ExplainerEntry(DeepLift.self),
    ExplainerEntry(GradCAM.self),
    ExplainerEntry(GuidedGradCAM.self),
  ]

  /// The method of that name, or nil.
  public static func entry(named name: String) -> ExplainerEntry? {
    all.first { $0.about.name == name }
  }

  /// Names that somebody who typed `name` may have meant.
  public static func names(near name: String) -> [String] {
    NearMatches.of(name, among: all.map(\.about.name))
  }
}
