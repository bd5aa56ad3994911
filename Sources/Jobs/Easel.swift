import Explanations
import ImageCodecs
import Imaging
import Rendering

/// Where maps are drawn and their drawings written, the same way for a map that has just been made and
/// for one whose numbers were stored.
struct Easel: Sendable {
  let job: Job
  let store: ArtifactStore
  /// What full colour stands for, by method, where pictures share it; nil before that is known.
  var scales: [String: Float]?

  private var rendering: OverlayRenderer { job.manifest.rendering }

  /// Whether drawing has to wait until all maps are there.
  private var waits: Bool { rendering.scale == .folder && scales == nil }

  func drawing(of map: AttributionMap, over picture: DecodedPicture) -> Drawing {
    rendering.draw(
      ExplainedImage(picture.picture, explainedBy: map, placement: picture.placement))
  }

  /// Whether a map's drawings are those that would be made now.
  func isCurrent(_ record: MapRecord, at stem: String) -> Bool {
    guard record.rendering == rendering else { return false }
    guard !waits else { return true }
    return record.drawn == rendering.styles && hasSharedScale(record)
      && record.drawn.allSatisfy { store.exists("\(stem).\($0.suffix)") }
      && record.companionPaths(at: stem).allSatisfy(store.exists)
  }

  private func hasSharedScale(_ record: MapRecord) -> Bool {
    guard let scale = scales?[record.request.method.name], record.drawing.found == .normal else {
      return true
    }
    return record.drawing.scale == scale
  }

  /// Draws a stored map anew.
  func redraw(
    _ record: MapRecord, at stem: String, over picture: DecodedPicture
  ) throws -> MapRecord {
    guard let map = StoredMap.map(of: record.map, at: stem, in: store),
      let companions = Companions(of: record, at: stem, in: store)
    else {
      throw StoreError("'\(stem).\(StoredMap.suffix)' was changed; --force makes the map again")
    }
    return try finish(record, drawing(of: map, over: picture), companions, over: picture, at: stem)
  }

  /// Writes a map's drawings and then its sidecar, which tells which of them are there.
  func finish(
    _ record: MapRecord, _ drawing: Drawing, _ companions: Companions,
    over picture: DecodedPicture, at stem: String
  ) throws -> MapRecord {
    var record = record
    var drawing = scales?[record.request.method.name].map(drawing.rescaled) ?? drawing
    let words = DrawingWords(record)
    drawing.caption = words.caption
    record.rendering = rendering
    record.drawing = MapRecord.Drawing(drawing)
    record.drawn = []
    // Until the new drawings are there, none is: an interruption leaves no old one that passes for new.
    if waits || store.exists("\(stem).json") { try write(record, to: stem) }
    for style in DrawingStyle.allCases where waits || !rendering.styles.contains(style) {
      try store.remove("\(stem).\(style.suffix)")
    }
    guard !waits else { return record }
    record.drawn = rendering.styles
    for style in rendering.styles {
      let bitmap = drawing.bitmap(style, title: words.title, notes: words.notes)
      try write(bitmap, of: record, as: style.rawValue, to: "\(stem).\(style.suffix)")
    }
    try companions.draw(words, over: picture, by: self, at: stem) { bitmap, path, style in
      try write(bitmap, of: record, as: style, to: path)
    }
    try write(record, to: stem)
    return record
  }

  private func write(
    _ bitmap: Bitmap, of record: MapRecord, as style: String, to path: String
  ) throws {
    let text = String(
      decoding: try JSONText.line(PictureText(record, style: style)), as: UTF8.self)
    try store.write(try PNGCodec.encode(bitmap, text: [(PictureFile.keyword, text)]), to: path)
  }

  private func write(_ record: MapRecord, to stem: String) throws {
    try store.write(try JSONText.page(record), to: "\(stem).json")
  }
}
