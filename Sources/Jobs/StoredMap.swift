import Explanations
import Networks
import Tensors

/// A map's numbers as files: the map itself, and beside it how far each of its values can be trusted,
/// where a method says so.
struct StoredMap {
  /// What follows the stem of the map's name.
  static let suffix = "npy"
  static let errorSuffix = "standard-error.npy"

  let record: MapRecord.Map
  private let bytes: [UInt8]
  private let errorBytes: [UInt8]?

  /// - Parameter standardError: of each value, where the map is an estimate.
  init(_ map: AttributionMap, standardError: AttributionMap? = nil) {
    bytes = NPY.bytes(of: map.values)
    errorBytes = standardError.map { NPY.bytes(of: $0.values) }
    record = MapRecord.Map(
      shape: map.values.shape.extents, sign: map.sign, numbers: ContentDigest(of: bytes),
      standardError: errorBytes.map { ContentDigest(of: $0) })
  }

  /// Writes the numbers. The sidecar goes first, and comes back last: where it is, the others belong
  /// to it.
  func write(to stem: String, in store: ArtifactStore) throws {
    try store.remove("\(stem).json")
    try store.write(bytes, to: "\(stem).\(Self.suffix)")
    if let errorBytes {
      try store.write(errorBytes, to: "\(stem).\(Self.errorSuffix)")
    } else {
      try store.remove("\(stem).\(Self.errorSuffix)")
    }
  }

  /// The map that a sidecar belongs to, read back; nil unless its numbers are those that were written.
  static func map(
    of record: MapRecord.Map, at stem: String, in store: ArtifactStore
  ) -> AttributionMap? {
    values(record.numbers, at: "\(stem).\(suffix)", in: store)
      .map { AttributionMap($0, sign: record.sign) }
  }

  /// The errors of its values, read back; nil where the method tells none, or they were changed.
  static func standardError(
    of record: MapRecord.Map, at stem: String, in store: ArtifactStore
  ) -> AttributionMap? {
    record.standardError
      .flatMap { values($0, at: "\(stem).\(errorSuffix)", in: store) }
      .map { AttributionMap($0, sign: .magnitude) }
  }

  /// `[C, h, w]`, or of another rank, from a file; nil unless its bytes are those that were written.
  static func values(
    _ digest: ContentDigest, at path: String, in store: ArtifactStore, rank: Int = 3
  ) -> Tensor? {
    guard let data = store.read(path) else { return nil }
    let bytes = Array(data)
    guard ContentDigest(of: bytes) == digest, let values = try? NPY.tensor(from: bytes),
      values.shape.rank == rank
    else { return nil }
    return values
  }

  /// Whether the files that a sidecar speaks of are there.
  static func exists(_ record: MapRecord.Map, at stem: String, in store: ArtifactStore) -> Bool {
    store.exists("\(stem).\(suffix)")
      && (record.standardError == nil || store.exists("\(stem).\(errorSuffix)"))
  }
}
