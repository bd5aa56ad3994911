import Networks

/// All methods, in the order in which lists show them.
public enum ExplainerCatalog {
  public static let all: [ExplainerEntry] = [
    ExplainerEntry(Gradient.self),
    ExplainerEntry(InputTimesGradient.self),
    ExplainerEntry(IntegratedGradients.self),
    ExplainerEntry(SmoothGrad.self),
    ExplainerEntry(SmoothGradSquared.self),
    ExplainerEntry(VarGrad.self),
    ExplainerEntry(GuidedBackprop.self),
    ExplainerEntry(DeepLift.self),
    ExplainerEntry(GradCAM.self),
    ExplainerEntry(GradCAMPlusPlus.self),
    ExplainerEntry(LayerCAM.self),
    ExplainerEntry(HiResCAM.self),
    ExplainerEntry(XGradCAM.self),
    ExplainerEntry(ScoreCAM.self),
    ExplainerEntry(GuidedGradCAM.self),
    ExplainerEntry(GuidedFeatureInversion.self),
    ExplainerEntry(FlipPoints.self),
    ExplainerEntry(RegionFlips.self),
    ExplainerEntry(AdversarialExplanation.self),
    ExplainerEntry(BoundarySaliency.self),
    ExplainerEntry(BoundaryIntegratedGradients.self),
    ExplainerEntry(BoundaryNormals.self),
    ExplainerEntry(InvertibleProjection.self),
    ExplainerEntry(Occlusion.self),
    ExplainerEntry(FeatureAblation.self),
    ExplainerEntry(RISE.self),
    ExplainerEntry(KernelSHAP.self),
    ExplainerEntry(LIME.self),
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
