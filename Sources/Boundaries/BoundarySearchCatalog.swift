import Networks

/// All searches, in the order in which lists show them.
public enum BoundarySearchCatalog {
  public static let all: [any BoundarySearch.Type] = [
    ProjectionSearch.self,
    DeepFoolSearch.self,
    GradientLadderSearch.self,
    DecoupledNormSearch.self,
    MinimumNormSearch.self,
    CarliniWagnerSearch.self,
    HopSkipJumpSearch.self,
  ]

  /// The search of that name, or nil.
  public static func search(named name: String) -> (any BoundarySearch.Type)? {
    all.first { $0.about.name == name }
  }

  /// Names that somebody who typed `name` may have meant.
  public static func names(near name: String) -> [String] {
    NearMatches.of(name, among: all.map { $0.about.name })
  }
}
