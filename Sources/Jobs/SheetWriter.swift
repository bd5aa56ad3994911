import Foundation
import ImageCodecs
import Imaging
import Rendering

/// Draws `contact-sheet.png`, and further pages beside it, from the files of a finished run.
struct SheetWriter: Sendable {
  let job: Job
  let store: ArtifactStore
  let workers: WorkerThreads

  /// Ten pages; whoever has more pictures looks into the maps folder.
  static let pictureLimit = 240

  /// What is known of a picture: its file, and a line for each of its maps.
  struct Picture: Sendable {
    let item: WorkItem
    let lines: [SummaryLine]
  }

  /// Draws the pages unless those that are there show the same already.
  func write(_ pictures: [Picture]) async throws {
    let shown = Array(pictures.prefix(Self.pictureLimit))
    let digest = ContentDigest(of: try JSONText.line(shown.map(\.lines)))
    let pageCount = (shown.count + rowsPerPage - 1) / rowsPerPage
    let names = (1...max(pageCount, 1)).map { Self.name(ofPage: $0) }
    let text = "{\"schema\":\"tidemark.sheet/1\",\"key\":\"\(digest)\"}"
    let isCurrent = try names.allSatisfy {
      PictureFile.ownText(of: try store.location(of: $0)) == text
    }
    if !isCurrent { try await draw(shown, text: text) }
    var surplus = pageCount + 1
    while store.exists(Self.name(ofPage: surplus)) {
      try store.remove(Self.name(ofPage: surplus))
      surplus += 1
    }
  }

  private let rowsPerPage = 24

  private static func name(ofPage page: Int) -> String {
    page == 1 ? "contact-sheet.png" : "contact-sheet-\(page).png"
  }

  private func draw(_ pictures: [Picture], text: String) async throws {
    var sheet = ContactSheet(
      title: title, legend: legend(for: pictures), columns: columns(for: pictures),
      rowsPerPage: rowsPerPage)
    var page = 0
    for start in stride(from: 0, to: pictures.count, by: rowsPerPage) {
      let part = Array(pictures[start..<min(start + rowsPerPage, pictures.count)])
      var rows = [ContactSheet.Row?](repeating: nil, count: part.count)
      for await (index, row) in workers.results(of: part, { self.row(for: $0) }) {
        rows[index] = row
      }
      for row in rows.compactMap(\.self) {
        guard let full = sheet.append(row) else { continue }
        page += 1
        try write(full, page: page, text: text)
      }
    }
    if let rest = sheet.finish() { try write(rest, page: page + 1, text: text) }
  }

  private func write(_ bitmap: Bitmap, page: Int, text: String) throws {
    let bytes = try PNGCodec.encode(bitmap, text: [(PictureFile.keyword, text)])
    try store.write(bytes, to: Self.name(ofPage: page))
  }

  /// A table of targets goes by its name alone: where it lies is no part of the results.
  private var title: String {
    let target = job.manifest.target
    let name = isTabulated ? "of \(URL(filePath: target).lastPathComponent)" : target
    return "\(job.manifest.model.file), target \(name)"
  }

  private var isTabulated: Bool { job.manifest.target.hasPrefix("csv:") }

  /// The colour maps of all overlays, in the order of the columns.
  private func legend(for pictures: [Picture]) -> [ColorMap] {
    var maps: [ColorMap] = []
    for map in pictures.flatMap(\.lines).compactMap(\.drawing?.colorMap) where !maps.contains(map) {
      maps.append(map)
    }
    return maps
  }

  private func columns(for pictures: [Picture]) -> [String] {
    let longest = pictures.map(\.lines).max { $0.count < $1.count } ?? []
    return ["picture"]
      + longest.map { line in
        let tag = !isTabulated && line.target != "predicted" ? line.target : nil
        return [line.method ?? "", tag ?? ""].joined(separator: " ")
      }
  }

  private func row(for picture: Picture) -> ContactSheet.Row {
    let best = picture.lines.lazy.compactMap(\.prediction).first
    let original: ContactSheet.Cell
    if let bitmap = try? decoded(Data(contentsOf: URL(filePath: picture.item.file))) {
      let caption = best.map { DrawingWords.text($0.classRecord, $0.probability) } ?? ""
      original = .picture(bitmap, caption: caption)
    } else {
      original = .failed(reason: "cannot be shown")
    }
    return ContactSheet.Row(
      label: picture.item.path, cells: [original] + picture.lines.map { cell(for: $0) })
  }

  private func cell(for line: SummaryLine) -> ContactSheet.Cell {
    if let reason = line.reason { return .failed(reason: reason) }
    guard let stem = line.stem, let bytes = store.read("\(stem).overlay.png"),
      let overlay = try? decoded(bytes)
    else { return .failed(reason: "the overlay cannot be read") }
    return .picture(overlay, caption: caption(for: line))
  }

  private func decoded(_ bytes: Data) throws -> Bitmap {
    let reading = job.manifest.reading
    return try ImageCodecs.decode(
      Array(bytes), limit: DecodeLimit(pixels: job.manifest.maximumPixels),
      orientation: reading.orientation
    ).bitmap.opaque(reading.alpha)
  }

  /// The class that a map is about, where that is not the one beneath the picture, and what its reader
  /// should know about the map.
  private func caption(for line: SummaryLine) -> String {
    var parts: [String] = []
    if let asked = line.asked, line.target != "predicted" {
      let fact = DrawingWords.text(asked.fact, asked.probability)
      let foil = asked.foil.map { " vs \(DrawingWords.name($0))" }
      parts.append(fact + (foil ?? ""))
    }
    if line.status != "complete" { parts.append(line.status) }
    return parts.joined(separator: "; ")
  }
}
