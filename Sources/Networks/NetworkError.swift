/// Why a network cannot be built or asked.
public enum NetworkError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A layer does not fit what reaches it.
  case layer(LayerName, kind: String, reason: String)
  /// The graph as a whole is wrong.
  case graph(String)
  /// A name that no layer has; the nearest ones that exist.
  case unknownLayer(LayerName, nearest: [LayerName])
  /// A smoothing or its certificate whose parameters lie outside their range.
  case smoothing(String)
  /// Preprocessing that does not fit the network's input.
  case preprocessing(String)
  /// Blocks that do not make an invertible network.
  case invertible(String)

  public var description: String {
    switch self {
    case .layer(let name, let kind, let reason):
      return "layer '\(name)' (\(kind)): \(reason)"
    case .graph(let reason):
      return reason
    case .unknownLayer(let name, let nearest):
      let names = nearest.map { "'\($0)'" }.joined(separator: ", ")
      return "no layer is called '\(name)'" + (nearest.isEmpty ? "" : "; did you mean \(names)?")
        + " ('tidemark inspect MODEL' lists all)"
    case .preprocessing(let reason), .smoothing(let reason), .invertible(let reason):
      return reason
    }
  }
}

/// Why a layer refuses what reaches it; the network adds where it stands.
public struct LayerError: Error, Sendable, Equatable {
  public let reason: String

  public init(_ reason: String) { self.reason = reason }
}
