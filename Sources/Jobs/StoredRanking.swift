import Explanations
import ImageCodecs
import Imaging
import Networks
import Rendering
import Tensors

/// Ranked regions as files beside their map: the rank of each position, a table, and what is kept of the
/// picture.
struct StoredRanking {
  let record: MapRecord.Ranking
  /// `[1, H, W]`, the first rank is 1.
  let ranks: Tensor
  /// Of the `.npy` file.
  let bytes: [UInt8]

  init(_ ranking: RegionRanking) {
    ranks = ranking.ranks
    bytes = NPY.bytes(of: ranks)
    record = MapRecord.Ranking(
      shape: ranks.shape.extents, numbers: ContentDigest(of: bytes), columns: ranking.columns,
      rows: ranking.rows.map(\.values), kept: ranking.keptCount)
  }

  /// The ranking that a sidecar speaks of, read back; nil unless its numbers are those that were written.
  init?(_ record: MapRecord.Ranking, at stem: String, in store: ArtifactStore) {
    guard
      let ranks = StoredMap.values(record.numbers, at: record.path("npy", at: stem), in: store),
      ranks.shape[0] == 1, record.rows.allSatisfy({ $0.count == record.columns.count })
    else { return nil }
    self.record = record
    self.ranks = ranks
    bytes = NPY.bytes(of: ranks)
  }

  var image: Image<Float> { AttributionMap(ranks, sign: .magnitude).image }

  /// What is known of each region, as comma-separated values with a header, the first rank first.
  var table: String {
    let lines = record.rows.enumerated().map { index, values in
      CSV.line(["\(index + 1)", index < record.kept ? "yes" : "no"] + values.map(StoredStrip.text))
    }
    return CSV.line(["rank", "kept"] + record.columns) + lines.joined()
  }

  /// What is kept of the picture, with the borders of all regions on request.
  func kept(of picture: DecodedPicture, showsBorders: Bool) -> Bitmap {
    RegionPicture(ranks: image, keptCount: record.kept, placement: picture.placement)
      .kept(of: picture.picture, showsBorders: showsBorders)
  }
}
