import Explanations
import Networks
import Testing

struct TargetTests {
  static let labels = [
    "tench, Tinca tinca", "goldfish, Carassius auratus", "crane", "tabby, tabby cat", "crane",
    "bull mastiff",
  ]
  /// Classes by falling score: 3, 5, 0, 1, 2, 4.
  static let prediction = Prediction(logits: [2, 1, 0, 9, -1, 5])

  struct Case: CustomTestStringConvertible, Sendable {
    let text: String
    let aspects: [(tag: String?, fact: ClassIndex, foil: ClassIndex?)]
    var testDescription: String { text }
  }

  static let cases = [
    Case(text: "predicted", aspects: [(nil, 3, nil)]),
    Case(text: "top:1", aspects: [("top1", 3, nil)]),
    Case(text: "top:3", aspects: [("top1", 3, nil), ("top2", 5, nil), ("top3", 0, nil)]),
    Case(text: "#4", aspects: [("c4", 4, nil)]),
    Case(text: "goldfish", aspects: [("c1", 1, nil)]),
    Case(text: "Goldfish, Carassius auratus", aspects: [("c1", 1, nil)]),
    Case(text: "TINCA TINCA", aspects: [("c0", 0, nil)]),
    Case(text: "tabby::bull mastiff", aspects: [("c3-vs-c5", 3, 5)]),
    Case(text: "predicted::#0", aspects: [("predicted-vs-c0", 3, 0)]),
    Case(text: "goldfish :: predicted", aspects: [("c1-vs-predicted", 1, 3)]),
  ]

  @Test(arguments: cases)
  func `a target leads to its classes, and to names that no picture changes`(_ item: Case) throws {
    let target = try Target(item.text).resolved(labels: Self.labels, classCount: 6)
    #expect(target.aspects.map(\.tag) == item.aspects.map(\.tag))
    for (aspect, expected) in zip(target.aspects, item.aspects) {
      let (fact, foil) = try aspect.classes(for: Self.prediction)
      #expect(fact == expected.fact)
      #expect(foil == expected.foil)
    }
  }

  @Test(arguments: ["", "top:", "top:0", "top:x", "#", "#-1", "#x", "a::", "::a", "csv:"])
  func `text of no form is refused with the forms there are`(_ text: String) {
    #expect {
      try Target(text)
    } throws: { error in
      "\(error)".contains("'\(text)'") && "\(error)".contains("predicted, top:N, NAME, #INDEX")
    }
  }

  @Test func `the rest of csv is the name of a file`() throws {
    #expect(try Target("csv:a:b.csv") == .table(file: "a:b.csv"))
  }

  struct Refusal: CustomTestStringConvertible, Sendable {
    let text: String
    let hint: String
    var testDescription: String { text }
  }

  @Test(arguments: [
    Refusal(text: "goldfisch", hint: "did you mean 'goldfish'"),
    Refusal(text: "crane", hint: "#2 (crane), #4 (crane)"),
    Refusal(text: "3", hint: "write '#3'"),
    Refusal(text: "#6", hint: "6 classes, 0 to 5"),
    Refusal(text: "top:7", hint: "6 classes"),
    Refusal(text: "tabby::tabby cat", hint: "both class 3"),
    Refusal(text: "predicted::predicted", hint: "itself"),
  ])
  func `classes that cannot be had are refused with what to do`(_ refusal: Refusal) throws {
    let target = try Target(refusal.text)
    #expect {
      try target.resolved(labels: Self.labels, classCount: 6)
    } throws: { error in
      "\(error)".contains(refusal.hint)
    }
  }

  @Test func `a name needs labels, an index does not`() throws {
    #expect(throws: TargetError.noLabels("tabby")) {
      try Target("tabby").resolved(labels: [], classCount: 6)
    }
    #expect(try Target("#3").resolved(labels: [], classCount: 6).aspects.count == 1)
  }

  @Test func `a foil that turns out to be predicted leaves nothing to contrast`() throws {
    let target = try Target("predicted::tabby").resolved(labels: Self.labels, classCount: 6)
    #expect(throws: TargetError.sameClass(3)) {
      try target.aspects[0].classes(for: Self.prediction)
    }
  }
}
