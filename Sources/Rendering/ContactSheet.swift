public import Imaging

/// Thumbnails in rows and columns: a row per picture, a column per method.
///
/// Rows are drawn as they are appended, and a page is handed out when it is full, so memory holds
/// one page however long the run is:
///
///     var sheet = ContactSheet(title: "birds", columns: ["picture", "grad-cam"])
///     for row in rows { if let page = sheet.append(row) { write(page) } }
///     if let page = sheet.finish() { write(page) }
public struct ContactSheet: Sendable {
  /// What one method made of one picture.
  public enum Cell: Sendable {
    /// Scaled down to the thumbnail's size, or up by a whole factor, with a caption of one or more lines
    /// beneath.
    case picture(Bitmap, caption: String = "")
    /// A gray box that tells why there is no picture.
    case failed(reason: String)
    /// Left blank.
    case empty
  }

  /// One picture's name and its cells from left to right.
  public struct Row: Sendable {
    /// The name above the row; empty for none.
    public var label: String
    /// One per column, from left to right.
    public var cells: [Cell]

    /// Cells that are missing at the end are empty, those beyond the last column are not drawn.
    public init(label: String, cells: [Cell]) {
      self.label = label
      self.cells = cells
    }
  }

  /// Stands above the columns of every page; empty for no line of its own.
  public let title: String
  /// Colours that the cells use, explained above the columns of every page.
  public let legend: [ColorKey]
  /// The names above the columns, which may all be empty.
  public let columns: [String]
  /// The room that a thumbnail may take.
  public let thumbnail: PixelSize
  /// How many rows fill a page.
  public let rowsPerPage: Int

  private var pageNumber = 1
  /// The page's rows so far, each as wide as the page.
  private var strips: [Bitmap] = []

  /// Traps without columns or rows.
  public init(
    title: String,
    legend: [ColorKey] = [],
    columns: [String],
    thumbnail: PixelSize = PixelSize(side: 176),
    rowsPerPage: Int = 24
  ) {
    precondition(!columns.isEmpty && rowsPerPage >= 1, "a contact sheet needs columns and rows")
    self.title = title
    self.legend = legend
    self.columns = columns
    self.thumbnail = thumbnail
    self.rowsPerPage = rowsPerPage
  }

  /// Draws a row, and returns the page if this row has filled it.
  public mutating func append(_ row: Row) -> Bitmap? {
    strips.append(strip(for: row))
    return strips.count == rowsPerPage ? finish() : nil
  }

  /// Returns the rows since the last full page, or nil if there are none.
  public mutating func finish() -> Bitmap? {
    guard !strips.isEmpty else { return nil }
    let page = Self.stacked([header()] + strips)
    strips = []
    pageNumber += 1
    return page
  }

  // MARK: - Drawing

  private static let margin = 16.0
  private static let gap = 10.0
  private static let legendBarWidth = 90
  private static let ink = Color(gray: 35)
  private static let paleInk = Color(gray: 100)
  private static let line = Color(gray: 215)

  private static let titleStyle = TextStyle(size: 17, color: ink, weight: .bold, baseline: .middle)
  private static let headerStyle = TextStyle(size: 12.5, color: paleInk, baseline: .middle)
  private static let labelStyle = TextStyle(size: 12.5, color: ink, baseline: .middle)
  private static let captionStyle = TextStyle(size: 11.5, color: ink, baseline: .middle)

  private var width: Int {
    let cells = Double(columns.count * thumbnail.width)
    return Int(2 * Self.margin + cells + Self.gap * Double(columns.count - 1))
  }

  private var contentWidth: Double { Double(width) - 2 * Self.margin }

  private func left(ofColumn column: Int) -> Double {
    Self.margin + Double(column) * (Double(thumbnail.width) + Self.gap)
  }

  private func header() -> Bitmap {
    let names = columns.allSatisfy(\.isEmpty) ? 24 : 0
    let height = (title.isEmpty ? 34 : 68) + (legend.isEmpty ? 0 : 24) - names
    var canvas = RasterCanvas(size: PixelSize(width: width, height: height))
    var room = contentWidth
    if pageNumber > 1 {
      var style = Self.headerStyle
      style.alignment = .trailing
      let page = "page \(pageNumber)"
      let y = title.isEmpty ? 8.0 : 26
      canvas.draw(page, at: Point(x: Double(width) - Self.margin, y: y), style: style)
      room -= style.width(of: page) + Self.gap
    }
    canvas.draw(
      Self.titleStyle.elided(title, toWidth: room),
      at: Point(x: Self.margin, y: 26),
      style: Self.titleStyle
    )
    drawLegend(on: &canvas, at: title.isEmpty ? 14 : 50)
    let y = canvas.bounds.maxY - 14
    for (column, name) in columns.enumerated() {
      canvas.draw(
        Self.headerStyle.elided(name, toWidth: Double(thumbnail.width)),
        at: Point(x: left(ofColumn: column), y: y),
        style: Self.headerStyle
      )
    }
    return canvas.bitmap
  }

  /// A bar for each colour map between the words for its ends.
  private func drawLegend(on canvas: inout RasterCanvas, at y: Double) {
    let style = Self.captionStyle
    var x = Self.margin
    func write(_ text: String) {
      canvas.draw(text, at: Point(x: x, y: y), style: style)
      x += style.width(of: text)
    }
    for key in legend {
      write(key.ends.low)
      x = (x + 6).rounded(.up)
      let last = Self.legendBarWidth - 1
      let colors = key.colorMap.colors
      for column in 0...last {
        // On whole pixels, so that every colour is its own.
        let bar = Rect(x: x + Double(column), y: y - 5, width: 1, height: 10)
        canvas.fill(.rectangle(bar), with: colors[column * (colors.count - 1) / last])
      }
      x += Double(Self.legendBarWidth) + 6
      write(key.ends.high)
      x += 28
    }
  }

  private func strip(for row: Row) -> Bitmap {
    let cells = row.cells.prefix(columns.count).map(fitted)
    let boxHeight = cells.reduce(thumbnail.height / 2) { height, cell in
      if case .picture(let picture, _) = cell { max(height, picture.height) } else { height }
    }
    let top = row.label.isEmpty ? 12.0 : 28
    let lineCount = cells.reduce(0) { count, cell in
      if case .picture(_, let caption) = cell { max(count, caption.lines.count) } else { count }
    }
    let captions = lineCount > 0 ? 5 + 15 * lineCount : 0
    let height = Int(top) + boxHeight + captions + 12
    var canvas = RasterCanvas(size: PixelSize(width: width, height: height))
    canvas.stroke(
      .line(
        from: Point(x: Self.margin, y: 0.5),
        to: Point(x: Double(width) - Self.margin, y: 0.5)
      ),
      with: Self.line
    )
    canvas.draw(
      Self.labelStyle.elided(row.label, toWidth: contentWidth),
      at: Point(x: Self.margin, y: 15),
      style: Self.labelStyle
    )
    for (column, cell) in cells.enumerated() {
      let box = Rect(
        x: left(ofColumn: column),
        y: top,
        width: Double(thumbnail.width),
        height: Double(boxHeight)
      )
      draw(cell, in: box, on: &canvas)
    }
    return canvas.bitmap
  }

  private func draw(_ cell: Cell, in box: Rect, on canvas: inout RasterCanvas) {
    switch cell {
    case .empty: break
    case .picture(let picture, let caption):
      let size = (Double(picture.width), Double(picture.height))
      canvas.draw(picture, in: Rect(x: box.x, y: box.y, width: size.0, height: size.1))
      let style = Self.captionStyle
      for (index, line) in caption.lines.enumerated() {
        canvas.draw(
          style.elided(line, toWidth: box.width),
          at: Point(x: box.x, y: box.y + size.1 + 12 + 15 * Double(index)),
          style: style
        )
      }
    case .failed(let reason):
      canvas.fill(.rectangle(box), with: Color(gray: 232))
      var style = Self.captionStyle
      style.color = Self.paleInk
      style.alignment = .center
      let lines = style.wrapped(
        reason,
        toWidth: box.width - 16,
        limit: Int((box.height - 8) / style.lineHeight)
      )
      let top = box.center.y - Double(lines.count - 1) / 2 * style.lineHeight
      for (index, line) in lines.enumerated() {
        let y = top + Double(index) * style.lineHeight
        canvas.draw(line, at: Point(x: box.center.x, y: y), style: style)
      }
    }
  }

  /// The cell with its picture at the size it is shown in; the full picture is let go.
  private func fitted(_ cell: Cell) -> Cell {
    guard case .picture(let picture, let caption) = cell else { return cell }
    let (width, height) = (picture.width, picture.height)
    let factor = min(thumbnail.width / width, thumbnail.height / height)
    if factor >= 1 {
      // Single pixels of a small picture are worth seeing.
      var canvas = RasterCanvas(size: PixelSize(width: width * factor, height: height * factor))
      canvas.draw(picture, in: canvas.bounds)
      return .picture(canvas.bitmap, caption: caption)
    }
    let scale = min(
      Double(thumbnail.width) / Double(width),
      Double(thumbnail.height) / Double(height)
    )
    let size = PixelSize(
      width: max(Int((Double(width) * scale).rounded()), 1),
      height: max(Int((Double(height) * scale).rounded()), 1)
    )
    return .picture(picture.opaqueRGB.resized(to: size), caption: caption)
  }

  /// Strips of equal width, one under the other.
  private static func stacked(_ strips: [Bitmap]) -> Bitmap {
    let height = strips.reduce(0) { $0 + $1.height }
    var samples: [UInt8] = []
    samples.reserveCapacity(strips[0].width * height * 3)
    for strip in strips { samples += strip.samples }
    return Bitmap(
      size: PixelSize(width: strips[0].width, height: height),
      layout: .rgb,
      samples: samples
    )
  }
}

extension String {
  fileprivate var lines: [String] { split(separator: "\n").map(String.init) }
}
