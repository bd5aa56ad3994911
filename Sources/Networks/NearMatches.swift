/// Finds the names that somebody who mistyped one may have meant.
public enum NearMatches {
  /// At most `limit` candidates, best first: those that contain the query (ignoring case), then
  /// those within a third of its length in edits.
  public static func of(_ query: String, among candidates: [String], limit: Int = 3) -> [String] {
    let needle = query.lowercased()
    let ranked = candidates.compactMap { candidate -> (Int, String)? in
      let hay = candidate.lowercased()
      if hay == needle { return (0, candidate) }
      if !needle.isEmpty && hay.contains(needle) {
        return (1 + hay.count - needle.count, candidate)
      }
      let distance = edits(Array(needle.utf8), Array(hay.utf8))
      return distance <= max(2, needle.count / 3) ? (1000 + distance, candidate) : nil
    }
    return ranked.sorted { $0 < $1 }.prefix(limit).map(\.1)
  }

  /// Levenshtein's distance.
  private static func edits(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var previous = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var current = [i + 1]
      for (j, y) in b.enumerated() {
        current.append(min(previous[j] + (x == y ? 0 : 1), previous[j + 1] + 1, current[j] + 1))
      }
      previous = current
    }
    return previous[b.count]
  }
}
