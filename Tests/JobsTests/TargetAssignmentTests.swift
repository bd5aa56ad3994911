import Explanations
import Testing

@testable import Jobs

struct TargetAssignmentTests {
  private func assignment(_ text: String) throws -> TargetAssignment {
    try TargetAssignment(
      table: text, file: "t.csv", paths: ["a.png", "sub/b.png"], labels: ["cat", "dog"],
      classCount: 2)
  }

  @Test func `each picture has the target of its line`() throws {
    let table = try assignment("note,target,path\n,dog,a.png\n\"x, y\",cat::dog,sub/b.png\n")
    #expect(table.target(ofPath: "a.png")?.aspects.map(\.tag) == ["c1"])
    #expect(table.target(ofPath: "sub/b.png")?.aspects.map(\.tag) == ["c0-vs-c1"])
    #expect(table.target(ofPath: "c.png") == nil)
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let text: String
    let line: Int
    let hint: String
    var testDescription: String { hint }
  }

  @Test(arguments: [
    Case(text: "file,target\n", line: 1, hint: "columns path and target"),
    Case(text: "path,target\na.png,dog\nc.png,dog\n", line: 3, hint: "'c.png'"),
    Case(text: "path,target\na.png,dog\na.png,cat\n", line: 3, hint: "twice"),
    Case(text: "path,target\na.png,dof\n", line: 2, hint: "did you mean 'dog'"),
    Case(text: "path,target\na.png\n", line: 2, hint: "expected 2 fields, found 1"),
    Case(text: "path,target\na.png,csv:x\n", line: 2, hint: "cannot name a table"),
    Case(text: "path,target\n\"a.png,dog\n", line: 2, hint: "not closed"),
  ])
  func `a wrong table is refused with the line`(_ item: Case) {
    #expect {
      try assignment(item.text)
    } throws: { error in
      "\(error)".hasPrefix("t.csv, line \(item.line): ") && "\(error)".contains(item.hint)
    }
  }
}
