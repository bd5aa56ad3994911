import Testing

@testable import Networks

struct CSVTests {
  @Test func `fields come back as they were written`() throws {
    let rows = [
      ["plain", "", "with,comma"], ["with \"quotes\"", "two\nlines", "two\r\nlines"],
      [" blanks ", "ümläut", "\""],
    ]
    let text = rows.map(CSV.line).joined()
    #expect(try CSV.records(text).map(\.fields) == rows)
  }

  @Test func `records know their lines`() throws {
    let records = try CSV.records("\u{FEFF}a,b\n\n\"x\ny\",1\r\nz,2")
    #expect(records.map(\.line) == [1, 3, 5])
    #expect(records.map(\.fields) == [["a", "b"], ["x\ny", "1"], ["z", "2"]])
  }

  @Test func `a quote must close, and close a field`() {
    #expect(throws: CSVError(line: 2, reason: "a quote is not closed")) {
      try CSV.records("a\n\"b\nc")
    }
    #expect(throws: CSVError(line: 1, reason: "text follows a closing quote")) {
      try CSV.records("\"a\"b,c")
    }
  }
}
