/// What became of one picture.
public struct ItemOutcome: Sendable {
  public let item: WorkItem
  /// In the order of targets, and of methods within each; a single failure where the picture as a
  /// whole cannot be explained.
  public let maps: [MapOutcome]

  /// What is told of the picture, and the methods that are told of once for all pictures.
  func split(omittingUnsuitable omits: Bool) -> (kept: ItemOutcome, omitted: [MapFailure]) {
    let omitted = omits ? failures.filter { $0.kind == .unsuitable } : []
    let kept = maps.filter { map in
      if case .failed(let failure) = map { !omitted.contains(failure) } else { true }
    }
    return (ItemOutcome(item: item, maps: kept), omitted)
  }

  var failures: [MapFailure] {
    maps.compactMap { if case .failed(let failure) = $0 { failure } else { nil } }
  }
}

/// What became of one map.
public enum MapOutcome: Sendable {
  case finished(MapRecord, seconds: Double)
  /// It was there already.
  case unchanged(MapRecord)
  /// Its numbers were there already, and it was drawn anew from them.
  case redrawn(MapRecord)
  case failed(MapFailure)
}

/// Why a map, or every map of a picture, could not be made.
public struct MapFailure: Sendable, Equatable {
  /// What the remedy depends on.
  public enum Kind: String, Sendable, Codable {
    /// The file is no picture that can be decoded.
    case unreadable
    /// The file changed or vanished while the job ran.
    case changed
    /// The target cannot be had for this picture.
    case target
    /// The network's answer is not finite.
    case network
    /// The method cannot answer.
    case method
    /// The method asks for what the network has not, whatever the picture.
    case unsuitable
    /// The result could not be written.
    case output
  }

  public let kind: Kind
  public let path: String
  /// Nil where the whole picture failed.
  public let method: String?
  /// The tag in the names of the files, if any.
  public let target: String?
  public let reason: String

  init(
    _ kind: Kind, path: String, method: String? = nil, target: String? = nil, reason: String
  ) {
    self.kind = kind
    self.path = path
    self.method = method
    self.target = target
    self.reason = reason
  }
}

extension MapFailure: CustomStringConvertible {
  public var description: String {
    let place = [path, method, target].compactMap(\.self).joined(separator: ", ")
    return "\(place): \(reason)"
  }
}
