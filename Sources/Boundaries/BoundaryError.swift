/// Why a search cannot be asked.
public enum BoundaryError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A query that means nothing, or not for this model.
  case query(String)
  /// A parameter of a search outside its range.
  case parameter(search: String, reason: String)
  /// The search needs gradients, and the model has none.
  case needsGradients(search: String)
  /// The search does not know the norm.
  case norm(search: String, Norm)

  public var description: String {
    switch self {
    case .query(let reason): reason
    case .parameter(let search, let reason): "\(search): \(reason)"
    case .needsGradients(let search):
      "\(search) needs gradients, which this model does not offer; 'hop-skip-jump' needs none"
    case .norm(let search, let norm):
      "\(search) does not measure by \(norm.rawValue); 'projection' does"
    }
  }
}
