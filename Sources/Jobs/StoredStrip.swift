import Explanations
import ImageCodecs
import Imaging
import Networks
import Rendering
import Tensors

/// A strip as files beside its map: numbers, a table and a picture.
struct StoredStrip {
  let strip: Strip
  let record: MapRecord.Strip
  /// Of the `.npy` file.
  let bytes: [UInt8]

  var name: String { record.name }

  init(_ strip: Strip) {
    self.strip = strip
    bytes = NPY.bytes(of: strip.maps)
    record = MapRecord.Strip(
      name: strip.name, shape: strip.maps.shape.extents, sign: strip.sign,
      numbers: ContentDigest(of: bytes), columns: strip.columns,
      frames: strip.frames.map { MapRecord.Strip.Frame(title: $0.title, values: $0.values) })
  }

  /// The strip that a sidecar speaks of, read back; nil unless its numbers are those that were written.
  init?(_ record: MapRecord.Strip, at stem: String, in store: ArtifactStore) {
    guard
      let maps = StoredMap.values(record.numbers, at: record.path("npy", at: stem), in: store),
      maps.shape[0] == record.frames.count,
      record.frames.allSatisfy({ $0.values.count == record.columns.count })
    else { return nil }
    self.init(
      Strip(
        record.name, maps: maps, sign: record.sign, columns: record.columns,
        frames: record.frames.map { Strip.Frame($0.title, values: $0.values) }))
  }

  /// What is known of each frame, as comma-separated values with a header.
  var table: String {
    let lines = strip.frames.map { CSV.line([$0.title] + $0.values.map(Self.text)) }
    return CSV.line(["frame"] + strip.columns) + lines.joined()
  }

  /// Whole numbers without a point.
  static func text(_ value: Double) -> String {
    Int(exactly: value).map { "\($0)" } ?? "\(value)"
  }

  /// The frames over small copies of the picture, each on its own scale.
  func drawn(
    over picture: DecodedPicture, by rendering: OverlayRenderer, title: String
  ) -> Bitmap {
    let thumbnail = picture.picture.shrunk(toSide: Self.side)
    let placement = picture.placement.over(thumbnail.size)
    let drawings = strip.frames.indices.map { index in
      rendering.draw(
        ExplainedImage(thumbnail, explainedBy: strip.map(ofFrame: index), placement: placement))
    }
    let columnCount = min(drawings.count, Self.columnLimit)
    let starts = Array(stride(from: 0, to: drawings.count, by: columnCount))
    var sheet = ContactSheet(
      title: title,
      legend: drawings.first.map { [ColorKey(colorMap: $0.colorMap, sign: strip.sign)] } ?? [],
      columns: [String](repeating: "", count: columnCount),
      thumbnail: PixelSize(side: Self.side), rowsPerPage: starts.count + 1)
    for start in starts {
      let frames = start..<min(start + columnCount, drawings.count)
      _ = sheet.append(
        ContactSheet.Row(
          label: "",
          cells: frames.map {
            .picture(drawings[$0].overlay, caption: strip.frames[$0].title)
          }))
    }
    return sheet.finish() ?? thumbnail
  }

  private static let side = 224
  private static let columnLimit = 8
}
