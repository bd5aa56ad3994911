public import Boundaries
import Networks
import Tensors

/// A search for the nearest boundary point as an option: `search=ddn` takes that search with its
/// defaults, `search.steps=50` changes one of its parameters.
///
/// As JSON it is a group of the search's parameters and its `name`; the name alone stands for the
/// defaults.
public struct SearchChoice: Sendable, Codable {
  public var search: any BoundarySearch

  public init(_ search: some BoundarySearch) { self.search = search }

  private enum Key: String, CodingKey { case name }

  public init(from decoder: any Decoder) throws {
    func type(_ name: String) throws -> any BoundarySearch.Type {
      if let type = BoundarySearchCatalog.search(named: name) { return type }
      let names = BoundarySearchCatalog.all.map { $0.about.name }.joined(separator: ", ")
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "there are \(names)"))
    }
    if let name = try? decoder.singleValueContainer().decode(String.self) {
      search = try type(name).init()
      return
    }
    let name = try decoder.container(keyedBy: Key.self).decode(String.self, forKey: .name)
    let chosen = try type(name)
    let known = chosen.about.parameters.keys
    if case .object(let fields) = try JSONValue(from: decoder),
      let extra = fields.keys.sorted().first(where: { $0 != "name" && !known.contains($0) })
    {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "\(name) has no '\(extra)'; search=\(name) takes its own options"))
    }
    search = try chosen.init(from: decoder)
  }

  public func encode(to encoder: any Encoder) throws {
    try search.encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
  }

  /// As in the catalogue of searches.
  public var name: String { type(of: search).about.name }

  /// What the parts of an option `search` mean, where its default is this search.
  static func parameters(of search: (some BoundarySearch).Type) -> [String: String] {
    let names = BoundarySearchCatalog.all.map { $0.about.name }.joined(separator: ", ")
    return search.about.parameters.reduce(
      into: ["search.name": "how the boundary is looked for; search=NAME chooses: \(names)"]
    ) { $0["search.\($1.key)"] = $1.value }
  }

  func validate(for method: String) throws(ExplainerError) {
    do throws(BoundaryError) {
      try search.validate()
    } catch {
      throw Self.refusal(error, method)
    }
  }

  /// The boundary nearest to the subject, within 0...1 and by the root of the sum of squares.
  func outcome(
    for question: Question, using model: any Classifier, method: String
  ) throws(ExplainerError) -> BoundaryOutcome {
    try outcomes(for: method, using: model) { () throws(BoundaryError) in
      [try BoundaryQuery(question)]
    }[0]
  }

  /// The boundaries nearest to queries, which go through the model together.
  func outcomes(
    for method: String, using model: any Classifier,
    _ queries: () throws(BoundaryError) -> [BoundaryQuery]
  ) throws(ExplainerError) -> [BoundaryOutcome] {
    do throws(BoundaryError) {
      return try search.nearestPoints(for: try queries(), using: model)
    } catch {
      throw Self.refusal(error, method)
    }
  }

  private static func refusal(_ error: BoundaryError, _ method: String) -> ExplainerError {
    .invalidParameter(method: method, parameter: "search", reason: "\(error)")
  }
}
