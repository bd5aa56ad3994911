/// What is said of a measure in lists and help.
public struct MeasureDescription: Sendable, Equatable {
  /// What a measure looks at.
  public enum Group: String, Sendable, Codable, CaseIterable {
    /// Whether the map lies where the object is known to be.
    case localization
    /// Whether the network's score depends on what the map says it does.
    case faithfulness
    /// Whether a map stays as it is when nothing that matters changes.
    case robustness
    /// Whether a map depends on what the network learned.
    case sanity
    /// Whether a map adds up.
    case completeness
    /// How much of the picture a map fills.
    case complexity
  }

  /// Which of two values speaks for a map.
  public enum Better: String, Sendable, Codable {
    case higher, lower
    /// The value describes; it does not judge.
    case neither
  }

  /// What a measure cannot do without.
  public enum Need: String, Sendable, Codable, CaseIterable {
    /// A box around the object.
    case box
    /// The object's outline.
    case mask
    /// The network's scores of changed pictures: many forward passes.
    case scores
    /// The method itself, which explains again.
    case method
    /// Networks with shuffled parameters, and the method to explain them.
    case randomizedNetworks = "randomized-networks"
  }

  /// As on the command line: `pointing-game`.
  public let name: String
  public let group: Group
  /// One line.
  public let summary: String
  /// Authors, title, year, identifier.
  public let source: String
  public let better: Better
  /// The values there can be, in words.
  public let range: String
  public let needs: Set<Need>
  /// What each parameter means, by its encoded name.
  public let parameters: [String: String]

  public init(
    name: String, group: Group, summary: String, source: String, better: Better, range: String,
    needs: Set<Need> = [], parameters: [String: String] = [:]
  ) {
    self.name = name
    self.group = group
    self.summary = summary
    self.source = source
    self.better = better
    self.range = range
    self.needs = needs
    self.parameters = parameters
  }
}
