import Explanations
import Measures

/// What was measured of one picture's maps: a file of the evaluation, from which the next one goes on.
struct MeasuredPicture: Sendable, Codable, Equatable {
  static let schema = "tidemark.measures/1"

  var schema = MeasuredPicture.schema
  /// Digest of all that decides the values.
  var key: ContentDigest
  /// As in the names of the run's files.
  var path: String
  /// What the picture shows, where annotations say it.
  var kind: String?
  /// Of methods, in the run's order, then of controls; target by target.
  var maps: [MeasuredMap]

  /// What decides the values.
  struct Request: Encodable {
    var tidemark: String
    var engine: String
    var measures: [MethodRecord]
    var controls: [MethodRecord]
    /// Of annotations and mask.
    var truth: ContentDigest?
    var countsAnyClass: Bool
    var maps: [Map]

    struct Map: Encodable {
      var key: ContentDigest
      var numbers: ContentDigest
    }
  }
}

/// What was measured of one map.
struct MeasuredMap: Sendable, Codable, Equatable {
  var method: String
  /// Whether it is a map that methods have to beat.
  var isControl: Bool
  /// As in the names of the run's files.
  var target: String
  var fact: ClassRecord
  /// By measure.
  var values: [String: MeasuredValue]
}
