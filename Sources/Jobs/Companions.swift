import Explanations
import ImageCodecs
import Imaging
import Rendering

/// What lies beside a map: its strips, its counterpart, and its ranked regions.
struct Companions {
  let strips: [StoredStrip]
  let counterpart: StoredCounterpart?
  let ranking: StoredRanking?

  init(strips: [StoredStrip], counterpart: StoredCounterpart?, ranking: StoredRanking?) {
    self.strips = strips
    self.counterpart = counterpart
    self.ranking = ranking
  }

  /// Those of a map, read back; nil unless all numbers are those that were written.
  init?(of record: MapRecord, at stem: String, in store: ArtifactStore) {
    strips = (record.strips ?? []).compactMap { StoredStrip($0, at: stem, in: store) }
    counterpart = record.counterpart.flatMap { StoredCounterpart($0, at: stem, in: store) }
    ranking = record.ranking.flatMap { StoredRanking($0, at: stem, in: store) }
    guard strips.count == record.strips?.count ?? 0,
      (counterpart == nil) == (record.counterpart == nil),
      (ranking == nil) == (record.ranking == nil)
    else { return nil }
  }

  /// Writes their numbers, in place of those of an earlier map.
  func write(to stem: String, in store: ArtifactStore) throws {
    let earlier = store.read("\(stem).json").flatMap {
      try? JSONText.decode(MapRecord.self, from: $0)
    }
    for path in earlier?.companionPaths(at: stem) ?? [] { try store.remove(path) }
    for strip in strips {
      try store.write(strip.bytes, to: strip.record.path("npy", at: stem))
    }
    if let counterpart {
      try store.write(counterpart.bytes, to: counterpart.record.path("npy", at: stem))
    }
    if let ranking { try store.write(ranking.bytes, to: ranking.record.path("npy", at: stem)) }
  }

  /// Writes what is to be looked at, pictures by `writing` under their paths and names of styles.
  func draw(
    _ words: DrawingWords, over picture: DecodedPicture, by easel: Easel, at stem: String,
    writing write: (_ bitmap: Bitmap, _ path: String, _ style: String) throws -> Void
  ) throws {
    for strip in strips {
      try easel.store.write(strip.table.utf8, to: strip.record.path("csv", at: stem))
      let bitmap = strip.drawn(
        over: picture, by: easel.job.manifest.rendering, title: "\(words.title), \(strip.name)")
      try write(bitmap, strip.record.path("png", at: stem), strip.name)
    }
    if let ranking {
      try easel.store.write(ranking.table.utf8, to: ranking.record.path("csv", at: stem))
      let kept = ranking.kept(
        of: picture, showsBorders: easel.job.manifest.rendering.contours)
      try write(kept, ranking.record.keptPath(at: stem), "kept")
    }
    guard let counterpart else { return }
    let filter = easel.job.manifest.reading.resize.filter
    let comparison = counterpart.comparison(with: picture, filter: filter, words)
    try write(counterpart.bitmap, counterpart.record.path("png", at: stem), "counterpart")
    try write(comparison, counterpart.record.comparisonPath(at: stem), "comparison")
  }
}

extension MapRecord {
  /// Files with the numbers of companions.
  func companionNumbers(at stem: String) -> [String] {
    (strips ?? []).map { $0.path("npy", at: stem) }
      + (counterpart.map { [$0.path("npy", at: stem)] } ?? [])
      + (ranking.map { [$0.path("npy", at: stem)] } ?? [])
  }

  /// All files of companions.
  func companionPaths(at stem: String) -> [String] {
    companionNumbers(at: stem)
      + (strips ?? []).flatMap { [$0.path("csv", at: stem), $0.path("png", at: stem)] }
      + (counterpart.map { [$0.path("png", at: stem), $0.comparisonPath(at: stem)] } ?? [])
      + (ranking.map { [$0.path("csv", at: stem), $0.keptPath(at: stem)] } ?? [])
  }
}

extension MapRecord.Strip {
  /// The name of one of its files.
  func path(_ ending: String, at stem: String) -> String { "\(stem).\(name).\(ending)" }
}

extension MapRecord.Counterpart {
  /// The name of one of its files.
  func path(_ ending: String, at stem: String) -> String { "\(stem).counterpart.\(ending)" }
  func comparisonPath(at stem: String) -> String { "\(stem).comparison.png" }
}

extension MapRecord.Ranking {
  /// The name of one of its files.
  func path(_ ending: String, at stem: String) -> String { "\(stem).regions.\(ending)" }
  func keptPath(at stem: String) -> String { "\(stem).kept.png" }
}
