import Explanations
import Foundation
import ImageCodecs
import Imaging
import Rendering

/// Draws contact sheets from the files of a finished run: `contact-sheet.png` with a row for each picture
/// and a column for each method, and where there are several methods a sheet for each below
/// `contact-sheets`; further pages lie beside the first.
struct SheetWriter: Sendable {
  let job: Job
  let store: ArtifactStore
  let workers: WorkerThreads

  /// Ten pages; whoever has more pictures looks into the maps folder.
  static let pictureLimit = 240

  /// Where the sheets of single methods lie.
  static let folder = "contact-sheets"

  /// What is known of a picture: its file, and a line for each of its maps.
  struct Picture: Sendable {
    let item: WorkItem
    let lines: [SummaryLine]
  }

  /// Draws the pages unless those that are there show the same already.
  func write(_ pictures: [Picture]) async throws {
    let shown = Array(pictures.prefix(Self.pictureLimit))
    var sheets = [overview(of: shown)]
    if job.methods.count > 1 { sheets += job.methods.map { sheet(of: $0.about.name, in: shown) } }
    for sheet in sheets { try await write(sheet) }
    let names = Set(sheets.flatMap(\.pageNames))
    var surplus = sheets[0].pageNames.count + 1
    while store.exists(Sheet.name("contact-sheet", page: surplus)) {
      try store.remove(Sheet.name("contact-sheet", page: surplus))
      surplus += 1
    }
    for name in store.names(in: Self.folder) {
      let path = "\(Self.folder)/\(name)"
      if !names.contains(path), PictureFile.isOurs(try store.location(of: path)) {
        try store.remove(path)
      }
    }
  }

  /// A sheet before it is drawn.
  private struct Sheet: Sendable {
    /// Without page and ending.
    let stem: String
    let title: String
    let columns: [String]
    let rows: [Row]
    let rowsPerPage: Int

    struct Row: Sendable {
      let label: String
      let cells: [Cell]
    }

    enum Cell: Sendable {
      case original(String, caption: String)
      case map(SummaryLine, caption: String)
      case failure(String)
    }

    var lines: [SummaryLine] {
      rows.flatMap(\.cells).compactMap { if case .map(let line, _) = $0 { line } else { nil } }
    }

    /// Everything that its pages show.
    var digest: ContentDigest {
      get throws {
        let texts = rows.flatMap(\.cells).map { cell in
          switch cell {
          case .original(let path, let caption): "\(path)\n\(caption)"
          case .map(_, let caption): caption
          case .failure(let reason): reason
          }
        }
        let parts = [
          try JSONText.line(lines), try JSONText.line(texts), try JSONText.line([title]),
        ]
        return ContentDigest(ofParts: parts)
      }
    }

    var pageNames: [String] {
      let count = max((rows.count + rowsPerPage - 1) / rowsPerPage, 1)
      return (1...count).map { Self.name(stem, page: $0) }
    }

    static func name(_ stem: String, page: Int) -> String {
      page == 1 ? "\(stem).png" : "\(stem)-\(page).png"
    }
  }

  // MARK: - What is on them

  /// All methods, a row for each picture. With many columns a page has fewer rows, so that it stays a
  /// picture that programs show.
  private func overview(of pictures: [Picture]) -> Sheet {
    let columns = columns(for: pictures)
    return Sheet(
      stem: "contact-sheet", title: title, columns: columns,
      rows: pictures.map { picture in
        let best = picture.lines.lazy.compactMap(\.prediction).first
        let caption = best.map { DrawingWords.text($0.classRecord, $0.probability) } ?? ""
        let original = Sheet.Cell.original(picture.item.path, caption: caption)
        let maps = picture.lines.map { line -> Sheet.Cell in
          line.reason.map { .failure($0) } ?? .map(line, caption: self.caption(for: line))
        }
        let isLost = picture.lines.first?.fate == .failed && picture.lines.first?.method == nil
        return Sheet.Row(label: picture.item.path, cells: isLost ? maps : [original] + maps)
      },
      rowsPerPage: min(max(24 * 7 / columns.count, 6), 24))
  }

  /// One method, the pictures side by side.
  private func sheet(of method: String, in pictures: [Picture]) -> Sheet {
    let cells: [Sheet.Cell] = pictures.flatMap { picture in
      picture.lines.filter { $0.method == method || $0.method == nil }.map { line -> Sheet.Cell in
        let name = line.path.split(separator: "/").last.map(String.init) ?? line.path
        if let reason = line.reason { return .failure("\(name): \(reason)") }
        let about = line.asked.map { asked in
          DrawingWords.text(asked.fact, asked.probability)
            + (asked.foil.map { " vs \(DrawingWords.name($0))" } ?? "")
        }
        let status = line.status == "complete" ? nil : line.status
        let caption = [name, [about, status].compactMap(\.self).joined(separator: "; ")]
        return .map(line, caption: caption.joined(separator: "\n"))
      }
    }
    let perRow = 6
    return Sheet(
      stem: "\(Self.folder)/\(method)", title: "\(method), \(title)",
      columns: [String](repeating: "", count: min(perRow, max(cells.count, 1))),
      rows: stride(from: 0, to: cells.count, by: perRow).map { start in
        Sheet.Row(label: "", cells: Array(cells[start..<min(start + perRow, cells.count)]))
      },
      rowsPerPage: 8)
  }

  /// A table of targets goes by its name alone: where it lies is no part of the results.
  private var title: String {
    let target = job.manifest.target
    let name = isTabulated ? "of \(URL(filePath: target).lastPathComponent)" : target
    return "\(job.manifest.model.file), target \(name)"
  }

  private var isTabulated: Bool { job.manifest.target.hasPrefix("csv:") }

  private func columns(for pictures: [Picture]) -> [String] {
    let longest = pictures.map(\.lines).max { $0.count < $1.count } ?? []
    return ["picture"]
      + longest.map { line in
        let tag = !isTabulated && line.target != "predicted" ? line.target : nil
        return [line.method ?? "", tag ?? ""].joined(separator: " ")
      }
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

  // MARK: - Drawing

  private func write(_ sheet: Sheet) async throws {
    let digest = try sheet.digest
    let text = "{\"schema\":\"tidemark.sheet/1\",\"key\":\"\(digest)\"}"
    let isCurrent = try sheet.pageNames.allSatisfy {
      PictureFile.ownText(of: try store.location(of: $0)) == text
    }
    if isCurrent { return }
    var canvas = ContactSheet(
      title: sheet.title, legend: legend(for: sheet.lines), columns: sheet.columns,
      rowsPerPage: sheet.rowsPerPage)
    var names = sheet.pageNames.makeIterator()
    for start in stride(from: 0, to: sheet.rows.count, by: sheet.rowsPerPage) {
      let part = Array(sheet.rows[start..<min(start + sheet.rowsPerPage, sheet.rows.count)])
      var rows = [ContactSheet.Row?](repeating: nil, count: part.count)
      for await (index, row) in workers.results(of: part, { self.drawn($0) }) { rows[index] = row }
      for row in rows.compactMap(\.self) {
        if let page = canvas.append(row) { try write(page, to: names.next(), text: text) }
      }
    }
    if let page = canvas.finish() { try write(page, to: names.next(), text: text) }
  }

  private func write(_ bitmap: Bitmap, to name: String?, text: String) throws {
    guard let name else { return }
    try store.write(try PNGCodec.encode(bitmap, text: [(PictureFile.keyword, text)]), to: name)
  }

  /// The colours of all overlays, in the order of the cells.
  private func legend(for lines: [SummaryLine]) -> [ColorKey] {
    var keys: [ColorKey] = []
    for line in lines {
      guard let colorMap = line.drawing?.colorMap, let sign = line.sign else { continue }
      let key = ColorKey(colorMap: colorMap, sign: sign)
      if !keys.contains(where: { $0.hasSameBar(as: key) }) { keys.append(key) }
    }
    return keys
  }

  private func drawn(_ row: Sheet.Row) -> ContactSheet.Row {
    // A row of the overview is about one picture: its file is decoded once.
    var last: (path: String, thumbnail: Bitmap?)?
    func thumbnail(_ path: String) -> Bitmap? {
      if let last, last.path == path { return last.thumbnail }
      let thumbnail = job.scan.items.first { $0.path == path }.flatMap(job.thumbnail)
      last = (path, thumbnail)
      return thumbnail
    }
    return ContactSheet.Row(
      label: row.label,
      cells: row.cells.map { cell in
        switch cell {
        case .original(let path, let caption):
          thumbnail(path).map { .picture($0, caption: caption) }
            ?? .failed(reason: "cannot be shown")
        case .failure(let reason): .failed(reason: reason)
        case .map(let line, let caption):
          thumbnail(line.path).flatMap { overlay(of: line, on: $0) }
            .map { .picture($0, caption: caption) } ?? .failed(reason: "cannot be shown")
        }
      })
  }

  /// The stored map drawn over a thumbnail, rather than its overlay made small: fine maps would pale.
  private func overlay(of line: SummaryLine, on thumbnail: Bitmap) -> Bitmap? {
    guard let stem = line.stem, let data = store.read("\(stem).json"),
      let record = try? JSONText.decode(MapRecord.self, from: data),
      let map = StoredMap.map(of: record.map, at: stem, in: store)
    else { return nil }
    let drawing = job.manifest.rendering.draw(
      ExplainedImage(
        thumbnail, explainedBy: map, placement: record.placement.over(thumbnail.size)))
    let isShared = job.manifest.rendering.scale == .folder
    return (isShared ? drawing.rescaled(to: record.drawing.scale) : drawing).overlay
  }
}
