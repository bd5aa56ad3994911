import Explanations
import Networks
import Tensors

/// A map's numbers as files: the map itself, and beside it whatever else a method says for each place.
struct StoredMap {
  /// What follows the stem of the map's name.
  static let suffix = "npy"

  let record: MapRecord.Map
  private let bytes: [UInt8]

  init(_ explanation: Explanation) {
    bytes = NPY.bytes(of: explanation.map.values)
    record = MapRecord.Map(
      shape: explanation.map.values.shape.extents, sign: explanation.map.sign,
      numbers: ContentDigest(of: bytes))
  }

  /// Writes the numbers. The sidecar goes first, and comes back last: where it is, the others belong
  /// to it.
  func write(to stem: String, in store: ArtifactStore) throws {
    try store.remove("\(stem).json")
    try store.write(bytes, to: "\(stem).\(Self.suffix)")
  }

  /// The map that a sidecar belongs to, read back; nil unless its numbers are those that were written.
  static func map(of record: MapRecord, at stem: String, in store: ArtifactStore) -> AttributionMap?
  {
    guard let data = store.read("\(stem).\(suffix)") else { return nil }
    let bytes = Array(data)
    guard ContentDigest(of: bytes) == record.map.numbers,
      let values = try? NPY.tensor(from: bytes), values.shape.rank == 3
    else { return nil }
    return AttributionMap(values, sign: record.map.sign)
  }

  /// Whether the files that a sidecar speaks of are there.
  static func exists(_ record: MapRecord, at stem: String, in store: ArtifactStore) -> Bool {
    store.exists("\(stem).\(suffix)")
  }
}
