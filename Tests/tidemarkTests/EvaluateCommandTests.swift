import Foundation
import Testing

/// Runs `tidemark evaluate`, `render --audit` and `study` as their users do.
struct EvaluateCommandTests {
  private let program: BuiltProgram

  init() throws { program = try BuiltProgram() }

  private static let ducks = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "SampleImages/pictures/duck").path

  private func render(_ options: String...) throws -> BuiltProgram.Result {
    try program.run(
      ["render", Self.ducks, "--method", "gradient,grad-cam", "--out", "out"] + options)
  }

  @Test func `a run is measured by what lies beside its pictures`() throws {
    #expect(try render().code == 0)
    let result = try program.run(["evaluate", "out", "--measure", "pointing-game,roc-auc,gini"])
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.errors.contains("annotations from '"))
    #expect(result.output.contains("LOCALIZATION") && result.output.contains("(random-map)"))
    #expect(result.output.hasSuffix("look at out/evaluation/ranking.png\n"))
    for name in ["measures.csv", "summary.csv", "evaluation.json", "ranking.png"] {
      #expect(program.exists("out/evaluation/\(name)"))
    }
    let again = try program.run(["evaluate", "out", "--measure", "pointing-game,roc-auc,gini"])
    #expect(again.output.contains("5 there already"))
  }

  @Test(
    arguments: [
      (["evaluate"], 64, "RUN is missing"),
      (["evaluate", "none"], 3, "'none' is no run folder"),
      (["evaluate", "out", "--measure", "insertio"], 64, "did you mean insertion?"),
      (["evaluate", "out", "--annotations", "none.json"], 64, "'none.json' cannot be read"),
      (["evaluate", "out", "--set", "stepss=3"], 64, "did you mean steps?"),
      (["evaluate", "out", "--memory", "much"], 64, "--memory: expected a size"),
      (["evaluate", "out", "--place", "sky"], 64, "--place"),
      (["study", "two-moons", "--out", "x", "--blocks", "0"], 64, "--blocks: expected 1 to 1000"),
      (["study", "shortcut", "--out", "x", "--count", "3"], 64, "--count: expected 100"),
    ] as [([String], Int32, String)])
  func `wrong requests are refused by name`(
    arguments: [String], code: Int32, words: String
  ) throws {
    #expect(try render().code == 0)
    let result = try program.run(arguments)
    #expect(result.code == code)
    #expect(result.errors.contains(words), "\(result.errors)")
  }

  @Test func `an audit stands in each sidecar, and is made up for`() throws {
    func audits() throws -> [[String: Any]?] {
      try ["gradient", "grad-cam"].map { method in
        let text = try program.text("out/maps/000005.png/\(method).json")
        let sidecar = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        return sidecar?["audit"] as? [String: Any]
      }
    }
    #expect(try render().code == 0)
    #expect(try audits().allSatisfy { $0 == nil })
    #expect(try render("--audit").code == 0)
    let names = [
      "completeness-gap", "deletion", "insertion", "parameter-randomization", "standard-error",
    ]
    for audit in try audits() { #expect(audit?.keys.sorted() == names) }
    let whole = try program.text("out/maps/000005.png/gradient.json")
    let again = try render("--audit")
    #expect(again.output.contains("10 there already"))
    #expect(try program.text("out/maps/000005.png/gradient.json") == whole)
  }

  @Test func `a study goes from pictures to a table, and does nothing twice`() throws {
    let command = [
      "study", "shortcut", "--out", "study", "--count", "100", "--epochs", "1", "--pictures", "4",
      "--method", "gradient", "--threads", "1",
    ]
    let result = try program.run(command)
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.contains("ENERGY ON THE MARK"))
    #expect(try program.text("study/study.csv").split(separator: "\r\n").count == 7)
    #expect(program.exists("study/study.png"))
    let again = try program.run(command)
    #expect(again.code == 0 && !again.errors.contains("$ tidemark train"))
  }

  @Test func `the study of two moons trains, and draws the boundary`() throws {
    let result = try program.run([
      "study", "two-moons", "--out", "moons", "--count", "60", "--epochs", "2", "--trainings", "2",
    ])
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.contains("mean"))
    #expect(try program.text("moons/study.csv").split(separator: "\r\n").count == 3)
    for name in ["study.png", "study.json", "points.csv", "two-moons.onnx"] {
      #expect(program.exists("moons/\(name)"))
    }
  }
}
