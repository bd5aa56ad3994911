import Explanations
import Testing

struct MethodOptionsTests {
  private func configured(_ settings: KeyValuePairs<String, String>) throws -> JSONValue {
    guard let entry = ExplainerCatalog.entry(named: "integrated-gradients") else { return .null }
    return try entry.configured(MethodOptions(settings)).parameters
  }

  @Test func `an option replaces its default and leaves the others`() throws {
    let parameters = try configured(["steps": "80", "baseline": "white"])
    #expect(
      parameters
        == .object([
          "steps": .integer(80), "maximumSteps": .integer(512), "tolerance": .number(0.01),
          "baseline": .string("white"), "draws": .integer(8),
        ]))
  }

  @Test func `the last of several settings wins`() throws {
    guard case .object(let fields) = try configured(["steps": "80", "steps": "90"]) else { return }
    #expect(fields["steps"] == .integer(90))
  }

  @Test(arguments: [
    ("step", "80", "did you mean steps"),
    ("steps", "many", "expects a whole number, found 'many'"),
    ("steps", "0", "steps must be 1...4096, found 0"),
    ("steps.deep", "1", "has no parts"),
    ("baseline", "pink", "'baseline' cannot be 'pink'; there are black, white, mean"),
    ("tolerance", "nan", "expects a number"),
    ("steps", "2.5", "steps"),
  ]) func `a wrong option is refused with a reason`(
    _ key: String, _ value: String, _ reason: String
  ) {
    #expect {
      _ = try configured([key: value])
    } throws: { error in
      "\(error)".contains(reason)
    }
  }
}
