public import Boundaries
import Networks
import Tensors

/// A search for the nearest boundary point as an option: `search=ddn` takes that search with its
/// defaults, `search.steps=50` changes one of its parameters.
///
/// As JSON it is a group of the search's parameters and its `name`; the name alone stands for the
/// defaults.
public struct SearchChoice: Sendable, Codable {
  public var chosen: any BoundarySearch

  public init(_ search: some BoundarySearch) { chosen = search }

  private enum Key: String, CodingKey { case name }

  public init(from decoder: any Decoder) throws {
    func type(_ name: String) throws -> any BoundarySearch.Type {
      if let type = BoundarySearchCatalog.search(named: name) { return type }
      let names = BoundarySearchCatalog.all.map { $0.about.name }.joined(separator: ", ")
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "there are \(names)"))
    }
    if let name = try? decoder.singleValueContainer().decode(String.self) {
      chosen = try type(name).init()
      return
    }
    let name = try decoder.container(keyedBy: Key.self).decode(String.self, forKey: .name)
    let type = try type(name)
    let known = type.about.parameters.keys
    if case .object(let fields) = try JSONValue(from: decoder),
      let extra = fields.keys.sorted().first(where: { $0 != "name" && !known.contains($0) })
    {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "\(name) has no '\(extra)'; search=\(name) takes its own options"))
    }
    chosen = try type.init(from: decoder)
  }

  public func encode(to encoder: any Encoder) throws {
    try chosen.encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
  }

  /// As in the catalogue of searches.
  public var name: String { type(of: chosen).about.name }

  /// What the parts of an option `search` mean, where its default is this search.
  static func parameters(of search: (some BoundarySearch).Type) -> [String: String] {
    let names = BoundarySearchCatalog.all.map { $0.about.name }.joined(separator: ", ")
    return search.about.parameters.reduce(
      into: ["search.name": "how the boundary is looked for; search=NAME chooses: \(names)"]
    ) { $0["search.\($1.key)"] = $1.value }
  }
}
