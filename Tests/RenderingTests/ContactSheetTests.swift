import Explanations
import Imaging
import Rendering
import Testing

struct ContactSheetTests {
  private let red = Color(hex: 0xC8285A)
  private let green = Color(hex: 0x28A046)

  private func photograph(_ width: Int, _ height: Int, _ color: Color) -> Bitmap {
    Bitmap(
      size: PixelSize(width: width, height: height),
      layout: .rgb,
      filledWith: [color.red, color.green, color.blue]
    )
  }

  /// The area of a colour that no text has.
  private func extent(of color: Color, in page: Bitmap) -> PixelRect? {
    var (left, top, right, bottom) = (Int.max, Int.max, -1, -1)
    for y in 0..<page.height {
      for x in 0..<page.width where page.color(x, y) == color {
        (left, right) = (min(left, x), max(right, x))
        (top, bottom) = (min(top, y), max(bottom, y))
      }
    }
    guard right >= 0 else { return nil }
    return PixelRect(x: left, y: top, width: right - left + 1, height: bottom - top + 1)
  }

  private func sheet(_ cells: [ContactSheet.Cell], columns: [String] = ["picture"]) -> Bitmap? {
    var sheet = ContactSheet(title: "", columns: columns, thumbnail: PixelSize(side: 100))
    let full = sheet.append(ContactSheet.Row(label: "", cells: cells))
    #expect(full == nil)
    return sheet.finish()
  }

  @Test func `a legend shows both ends of its colours above the columns`() throws {
    func page(_ legend: [ColorKey]) -> Bitmap? {
      var sheet = ContactSheet(title: "t", legend: legend, columns: ["a", "b", "c"])
      _ = sheet.append(.init(label: "x", cells: []))
      return sheet.finish()
    }
    let plain = try #require(page([]))
    let explained = try #require(page([ColorKey(colorMap: .blueRed, sign: .signed)]))
    #expect(explained.height > plain.height)
    func shows(_ color: Color) -> Bool {
      (0..<explained.width).contains { x in
        (0..<3).map { explained[x, 50, $0] } == [color.red, color.green, color.blue]
      }
    }
    #expect(shows(ColorMap.blueRed.color(at: -1)))
    #expect(shows(ColorMap.blueRed.color(at: 1)))
  }

  @Test(arguments: [
    (400, 200, 100, 50), (200, 400, 50, 100), (100, 100, 100, 100), (30, 20, 90, 60),
    (5000, 2, 100, 1),
  ])
  func `thumbnails fit and keep their aspect`(
    width: Int,
    height: Int,
    expectedWidth: Int,
    expectedHeight: Int
  ) throws {
    let page = try #require(sheet([.picture(photograph(width, height, red))]))
    let thumbnail = try #require(extent(of: red, in: page))
    #expect(thumbnail.width == expectedWidth)
    #expect(thumbnail.height == expectedHeight)
  }

  @Test func `columns stand beside each other`() throws {
    let page = try #require(
      sheet(
        [.picture(photograph(100, 100, red)), .empty, .picture(photograph(100, 100, green))],
        columns: ["picture", "gradient", "grad-cam"]
      )
    )
    let first = try #require(extent(of: red, in: page))
    let third = try #require(extent(of: green, in: page))
    #expect(third.x - first.x == 2 * 110)
    #expect(third.y == first.y)
    #expect(third.maxX <= page.width)
  }

  @Test func `a failed cell is a gray box with its reason`() throws {
    let page = try #require(sheet([.failed(reason: "the file ends too early")]))
    let box = try #require(extent(of: Color(gray: 232), in: page))
    #expect(box.width == 100)
    let bare = try #require(sheet([.failed(reason: "")]))
    #expect(page.ink > bare.ink + 20)
  }

  @Test func `a page is handed out when it is full and the rest at the end`() {
    var sheet = ContactSheet(
      title: "birds",
      columns: ["picture"],
      thumbnail: PixelSize(side: 20),
      rowsPerPage: 3
    )
    var pages: [Bitmap] = []
    for index in 0..<7 {
      let row = ContactSheet.Row(label: "\(index).png", cells: [.picture(photograph(20, 20, red))])
      if let page = sheet.append(row) { pages.append(page) }
    }
    #expect(pages.count == 2)
    if let page = sheet.finish() { pages.append(page) }
    #expect(pages.count == 3)
    #expect(pages[0].size == pages[1].size)
    #expect(pages[2].height < pages[1].height)
    #expect(sheet.finish() == nil)
  }

  @Test func `cells beyond the last column are not drawn`() throws {
    let one = try #require(sheet([.empty]))
    let two = try #require(sheet([.empty, .picture(photograph(50, 50, red))]))
    #expect(one == two)
  }

  @Test func `captions too long do not run into the next column`() throws {
    let long = String(repeating: "extraordinarily long class name ", count: 9)
    let page = try #require(
      sheet([.picture(photograph(100, 40, red), caption: long)], columns: ["picture", "gradient"])
    )
    let thumbnail = try #require(extent(of: red, in: page))
    let beside = PixelRect(x: thumbnail.maxX + 1, y: thumbnail.maxY, width: 8, height: 22)
    #expect(page.ink(in: beside) == 0)
  }
}
