import Networks
import Tensors
import Testing

/// Functions that a model defines, and branches that are chosen while it is read.
struct ONNXInliningTests {
  static let x = Tensor([-2, 3], shape: [2])

  /// `x` `[2]`, the output `y`, and the function `Scaled`: its input times the attribute `by`, 2 unless
  /// given, plus its second input where that is there.
  static var model: ONNXTestModel {
    var model = ONNXTestModel(input: ["2"])
    model.function("Double", ["x"], ["y"]) { $0.node("Add", ["x", "x"], ["y"]) }
    model.function("Scaled", ["x", "low"], ["y"], defaults: ["by": .float(2)]) {
      $0.node("Constant", [], ["k"], ["value_float": .reference("by")])
      $0.node("Mul", ["x", "k"], ["z"])
      $0.node("Clip", ["z", "low"], ["y"])
    }
    return model
  }

  /// What a model with calls gives for −2 and 3.
  static let calls:
    [(
      String, expected: [Float], layers: Set<String>, add: @Sendable (inout ONNXTestModel) -> Void
    )] = [
      (
        "names", [-4, 6], ["node_y/z", "y"],
        { $0.node("Scaled", ["x"], ["y"], domain: "own") }
      ),
      (
        "attributes and inputs", [-1, 9], [],
        {
          $0.constant("low", [-1], [])
          $0.node("Scaled", ["x", "low"], ["y"], ["by": .float(3)], domain: "own")
        }
      ),
      (
        "one after the other", [-8, 12], ["node_a/z", "a", "node_y/z", "y"],
        {
          $0.node("Scaled", ["x", ""], ["a"], domain: "own")
          $0.node("Scaled", ["a"], ["y"], domain: "own")
        }
      ),
      (
        "within each other, attributes handed on", [-20, 30], ["node_y/node_out/z", "y"],
        {
          $0.function("Outer", ["in"], ["out"], attributes: ["factor"]) {
            $0.node("Double", ["in"], ["twice"], domain: "own")
            $0.node("Scaled", ["twice"], ["out"], ["by": .reference("factor")], domain: "own")
          }
          $0.node("Outer", ["x"], ["y"], ["factor": .float(5)], domain: "own")
        }
      ),
      (
        "a given name that is taken", [-4, 6], ["node_y/z-2"],
        {
          $0.node("Neg", ["x"], ["node_y/z"])
          $0.node("Scaled", ["x"], ["y"], domain: "own")
        }
      ),
      (
        "an input handed through", [-2, 3], [],
        {
          $0.function("Same", ["x"], ["x", "z"]) { $0.node("Neg", ["x"], ["z"]) }
          $0.node("Same", ["x"], ["y"], domain: "own")
        }
      ),
      (
        "several outputs, one left out", [2, -3], [],
        {
          $0.function("Both", ["x"], ["a", "b"]) {
            $0.node("Abs", ["x"], ["a"])
            $0.node("Neg", ["x"], ["b"])
          }
          $0.node("Both", ["x"], ["", "y"], domain: "own")
        }
      ),
      (
        "an operator's name in another domain", [0, 3], [],
        {
          $0.function("Relu", ["x"], ["y"]) { $0.node("Neg", ["x"], ["y"]) }
          $0.node("Relu", ["x"], ["y"])
        }
      ),
      (
        "another operator set", [0.5, 0.5], [],
        {
          $0.function("Even", ["x"], ["y"], opset: 13) {
            $0.constant("c", [])
            $0.node("Sub", ["x", "x"], ["d"])
            $0.node("Softmax", ["d"], ["y"], ["axis": .integer(-1)])
          }
          $0.node("Even", ["x"], ["y"], domain: "own")
        }
      ),
    ]

  @Test(arguments: calls.indices) func `functions stand in place of their calls`(
    index: Int
  ) throws {
    let (_, expected, names, add) = Self.calls[index]
    var model = Self.model
    add(&model)
    let (value, layers) = try outcome(model, of: Self.x)
    #expect(value.scalars == expected)
    #expect(layers.isSuperset(of: names), "\(layers)")
  }

  /// A model whose `If` chooses between x + x and −x.
  static func branching(
    _ condition: String, _ change: (inout ONNXTestModel, inout ONNXTestModel) -> Void = { _, _ in }
  ) -> ONNXTestModel {
    var model = Self.model
    var (first, second) = (ONNXTestModel.empty, ONNXTestModel.empty)
    first.node("Double", ["x"], ["r"], domain: "own")
    second.constant("minus", [-1], [1])
    second.node("Mul", ["x", "minus"], ["r"])
    change(&first, &second)
    model.constant("true", [1])
    model.constant("false", [0])
    model.constant("many", [1, 1])
    model.node("Greater", ["x", "x"], ["never"])
    model.node(
      "If", [condition], ["c"],
      ["then_branch": .graph(first, ["r"]), "else_branch": .graph(second, ["r"])])
    model.node("Identity", ["c"], ["y"])
    return model
  }

  @Test func `a known condition chooses a branch, and nothing is left of the other`() throws {
    let (doubled, names) = try outcome(Self.branching("true"), of: Self.x)
    #expect(doubled.scalars == [-4, 6])
    #expect(names.filter { $0.hasPrefix("node_c") } == ["node_c/then/r"])
    let (negated, others) = try outcome(Self.branching("false"), of: Self.x)
    #expect(negated.scalars == [2, -3])
    let chosen = others.filter { $0.hasPrefix("node_c") }.sorted()
    #expect(chosen == ["node_c/else/minus", "node_c/else/r"])
  }

  @Test func `what the other branch asks for does not matter`() throws {
    let model = Self.branching("false") { first, _ in
      first.node("NoSuch", ["x"], ["s"])
      first.node("Add", ["s", "nowhere"], ["t"])
    }
    #expect(try outcome(model, of: Self.x).value.scalars == [2, -3])
  }

  @Test func `branches see the graph around them, and may nest`() throws {
    let model = Self.branching("false") { _, second in
      var (inner, other) = (ONNXTestModel.empty, ONNXTestModel.empty)
      inner.node("Mul", ["r0", "minus"], ["q"])
      other.node("Neg", ["never"], ["q"])
      second.node("Abs", ["x"], ["r0"])
      second.nodes.removeFirst()
      second.node(
        "If", ["true"], ["r"],
        ["then_branch": .graph(inner, ["q"]), "else_branch": .graph(other, ["q"])])
    }
    #expect(try outcome(model, of: Self.x).value.scalars == [-2, -3])
  }

  @Test func `a function's body chooses by its input`() throws {
    var model = Self.model
    var (first, second) = (ONNXTestModel.empty, ONNXTestModel.empty)
    first.node("Neg", ["in"], ["r"])
    second.node("Identity", ["in"], ["r"])
    model.function("Turned", ["in", "turns"], ["out"]) {
      $0.node(
        "If", ["turns"], ["out"],
        ["then_branch": .graph(first, ["r"]), "else_branch": .graph(second, ["in"])])
    }
    model.constant("true", [1])
    model.constant("false", [0])
    model.node("Turned", ["x", "true"], ["a"], domain: "own")
    model.node("Turned", ["a", "false"], ["y"], domain: "own")
    #expect(try outcome(model, of: Self.x).value.scalars == [2, -3])
  }

  static let refused: [(String, ONNXTestModel, says: String)] = {
    func model(_ add: (inout ONNXTestModel) -> Void) -> ONNXTestModel {
      var model = Self.model
      add(&model)
      return model
    }
    return [
      (
        "recursion",
        model {
          $0.function("A", ["x"], ["y"]) { $0.node("B", ["x"], ["y"], domain: "own") }
          $0.function("B", ["x"], ["y"]) { $0.node("A", ["x"], ["y"], domain: "own") }
          $0.node("A", ["x"], ["y"], domain: "own")
        }, "the function calls itself"
      ),
      (
        "a doubling at each of 22 steps",
        model { model in
          for level in 1...22 {
            model.function("F\(level)", ["x"], ["y"]) {
              $0.node("F\(level - 1)", ["x"], ["a"], domain: "own")
              $0.node("F\(level - 1)", ["a"], ["y"], domain: "own")
            }
          }
          model.function("F0", ["x"], ["x"]) { _ in }
          model.node("F22", ["x"], ["y"], domain: "own")
        }, "more than 100000 nodes"
      ),
      (
        "depth",
        model { model in
          for level in 1...30 {
            model.function("F\(level)", ["x"], ["y"]) {
              $0.node("F\(level - 1)", ["x"], ["y"], domain: "own")
            }
          }
          model.function("F0", ["x"], ["y"]) { $0.node("Neg", ["x"], ["y"]) }
          model.node("F30", ["x"], ["y"], domain: "own")
        }, "nest deeper than 24"
      ),
      (
        "names that multiply",
        model {
          let long = String(repeating: "n", count: 4000)
          $0.function("Long", ["x"], ["y"]) {
            for index in 0..<100 { $0.node("Neg", ["x"], ["\(long)\(index)"]) }
            $0.node("Neg", ["x"], ["y"])
          }
          for index in 0..<990 { $0.node("Long", ["x"], ["y\(index)"], domain: "own") }
          $0.node("Long", ["x"], ["y"], domain: "own")
        }, "takes too much memory"
      ),
      (
        "twice",
        model {
          $0.function("Double", [], []) { _ in }
          $0.node("Neg", ["x"], ["y"])
        }, "defines a function twice"
      ),
      (
        "inputs", model { $0.node("Double", ["x", "x"], ["y"], domain: "own") },
        "node 'node_y' (Double): has 2 inputs and 1 outputs, but the function 1 and 1"
      ),
      (
        "no output",
        model {
          $0.function("None", ["x"], ["y"]) { $0.node("Neg", ["x"], ["z"]) }
          $0.node("None", ["x"], ["y"], domain: "own")
        }, "nothing in the function produces its output 'y'"
      ),
      (
        "the graph's names",
        model {
          $0.function("Outside", [], ["y"]) { $0.node("Neg", ["x"], ["y"]) }
          $0.node("Outside", [], ["y"], domain: "own")
        }, "reads 'x', which nothing in the function produces"
      ),
      (
        "two values",
        model {
          $0.function("Two", ["x"], ["y"]) {
            $0.node("Neg", ["x"], ["y"])
            $0.node("Abs", ["x"], ["y"])
          }
          $0.node("Two", ["x"], ["y"], domain: "own")
        }, "two values"
      ),
      (
        "no function", model { $0.node("Constant", [], ["y"], ["value_float": .reference("by")]) },
        "refers to an attribute of a function, but stands in none"
      ),
      (
        "unknown in a function",
        model {
          $0.function("Deep", ["x"], ["y"]) { $0.node("NoSuch", ["x"], ["y"]) }
          $0.node("Deep", ["x"], ["y"], domain: "own")
        }, "node 'node_y/node_y' (NoSuch)"
      ),
      ("a picture's condition", branching("never"), "its condition 'never' depends on the picture"),
      ("no condition", branching("nowhere"), "reads 'nowhere', which nothing produces"),
      ("two conditions", branching("many"), "'many' is [2], not one truth value"),
      (
        "no branch", model { $0.node("If", ["x"], ["y"]) },
        "has no then_branch without inputs and with 1 outputs"
      ),
      (
        "a loop",
        model {
          $0.node("Loop", ["", "", "x"], ["y"], ["body": .graph(.empty, [])])
        }, "Control flow comes from scripted models"
      ),
    ]
  }()

  @Test(arguments: refused.indices) func `what has no end or no sense is refused`(
    index: Int
  ) throws {
    let (_, model, sentence) = Self.refused[index]
    let error = #expect(throws: ModelError.self) { try GraphFile(onnx: model.bytes) }
    #expect("\(error.map { "\($0)" } ?? "")".contains(sentence), "\(error.map { "\($0)" } ?? "")")
  }

  @Test func `branches nest as deep as is said, and no deeper`() throws {
    func nested(_ depth: Int) -> ONNXTestModel {
      var inner = ONNXTestModel.empty
      inner.node("Neg", ["x"], ["r"])
      for _ in 1..<depth {
        var outer = ONNXTestModel.empty
        outer.node(
          "If", ["true"], ["r"],
          ["then_branch": .graph(inner, ["r"]), "else_branch": .graph(.empty, ["x"])])
        inner = outer
      }
      var model = ONNXTestModel(input: ["2"])
      model.constant("true", [1])
      model.node(
        "If", ["true"], ["y"],
        ["then_branch": .graph(inner, ["r"]), "else_branch": .graph(.empty, ["x"])])
      return model
    }
    #expect(try outcome(nested(24), of: Self.x).value.scalars == [2, -3])
    #expect(throws: ModelError.self) { try GraphFile(onnx: nested(25).bytes) }
    #expect(throws: ModelError.self) { try GraphFile(onnx: nested(400).bytes) }
  }
}
