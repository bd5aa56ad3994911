public import Explanations

/// Maps that a method has to beat: explainers that know nothing of the network, and what becomes of
/// the plain gradient under a treatment that adds no knowledge.
///
/// A measure on which one of them does as well as the best method says nothing about explanations
/// there.
public enum ControlCatalog {
  public static let all: [ExplainerEntry] = [
    ExplainerEntry(RandomMap.self),
    ExplainerEntry(CenteredGaussian.self),
    ExplainerEntry(EdgeDetector.self),
    ExplainerEntry(BlurredGradient.self),
    ExplainerEntry(SquaredGradient.self),
  ]

  /// The control of that name, or nil.
  public static func entry(named name: String) -> ExplainerEntry? {
    all.first { $0.about.name == name }
  }
}
