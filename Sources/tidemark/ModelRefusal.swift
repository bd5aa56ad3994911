import Foundation
import Networks

/// What `tidemark inspect` tells of a network that cannot be read: every node that stands in the way.
struct ModelRefusal: Encodable {
  let file: String
  let findings: [ModelFinding]

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  var text: String {
    let rows = findings.map { [$0.node, $0.kind, $0.reason] }
    let advice = Set(findings.compactMap(\.advice)).sorted().map { "\n- \($0)." }.joined()
    return TextTable.text([["node", "operator", "why it cannot be read"]] + rows)
      + (advice.isEmpty ? "" : "\n\nWhat can be done:" + advice)
  }
}
