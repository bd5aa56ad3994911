import Explanations
import Testing

@testable import Jobs

struct MethodSelectionTests {
  private func parameters(
    _ names: [String], _ settings: String...
  ) throws -> [[String: JSONValue]] {
    try MethodSelection.methods(named: names, settings: settings).map { method in
      Dictionary(uniqueKeysWithValues: method.parameters.leaves.map { ($0.key, $0.value) })
    }
  }

  @Test func `a setting reaches every chosen method that has its key`() throws {
    let found = try parameters(["gradient", "integrated-gradients"], "steps=64")
    #expect(found[0]["steps"] == nil)
    #expect(found[1]["steps"] == .integer(64))
  }

  @Test func `a setting for one method reaches that one, and later ones win`() throws {
    let found = try parameters(
      ["integrated-gradients", "grad-cam"], "steps=8", "integrated-gradients.steps=16",
      "grad-cam.layer=conv1")
    #expect(found[0]["steps"] == .integer(16))
    #expect(found[1]["layer"] == .string("conv1"))
  }

  @Test func `all stands for every method of the catalogue`() throws {
    #expect(try parameters(["all"]).count == ExplainerCatalog.all.count)
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let names: [String]
    var settings: [String] = []
    let hint: String
    var testDescription: String { hint }
  }

  @Test(arguments: [
    Case(names: ["grad-cma"], hint: "did you mean grad-cam"),
    Case(names: ["gradient", "gradient"], hint: "chosen twice"),
    Case(names: ["all", "gradient"], hint: "no other can stand beside it"),
    Case(names: [], hint: "no method is chosen"),
    Case(names: ["gradient"], settings: ["steps=3"], hint: "no chosen method has"),
    Case(names: ["integrated-gradients"], settings: ["step=3"], hint: "did you mean steps"),
    Case(names: ["gradient"], settings: ["grad-cam.layer=x"], hint: "is not chosen"),
    Case(names: ["integrated-gradients"], settings: ["steps"], hint: "expected KEY=VALUE"),
    Case(names: ["integrated-gradients"], settings: ["steps=many"], hint: "a whole number"),
    Case(names: ["integrated-gradients"], settings: ["steps=0"], hint: "must be 1"),
  ])
  func `what does not fit is refused with what to do`(_ item: Case) {
    #expect {
      try MethodSelection.methods(named: item.names, settings: item.settings)
    } throws: { error in
      "\(error)".contains(item.hint) && (error as? JobError)?.kind == .request
    }
  }
}
