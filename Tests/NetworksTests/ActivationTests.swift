import Foundation
import Kernels
import Networks
import Tensors
import Testing

/// Activations read from ONNX against their definitions, in double precision.
struct ActivationTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let kind: String
    var attributes: [(String, Float)] = []
    /// The input's values go from here to 3.
    var lowest = -3.0
    let definition: @Sendable (Double) -> Double
    var testDescription: String { "\(kind) \(attributes.map { "\($0.0) \($0.1)" })" }
  }

  private static func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  static let cases = [
    Case(kind: "LeakyRelu") { $0 < 0 ? 0.01 * $0 : $0 },
    Case(kind: "LeakyRelu", attributes: [("alpha", 0.25)]) { $0 < 0 ? 0.25 * $0 : $0 },
    Case(kind: "Elu") { $0 < 0 ? exp($0) - 1 : $0 },
    Case(kind: "Elu", attributes: [("alpha", 1.5)]) { $0 < 0 ? 1.5 * (exp($0) - 1) : $0 },
    Case(kind: "Selu") {
      1.05070102214813232421875
        * ($0 < 0 ? 1.67326319217681884765625 * (exp($0) - 1) : $0)
    },
    Case(kind: "Sigmoid") { logistic($0) },
    Case(kind: "HardSigmoid") { min(max(0.2 * $0 + 0.5, 0), 1) },
    Case(kind: "HardSigmoid", attributes: [("alpha", 0.5), ("beta", 0.25)]) {
      min(max(0.5 * $0 + 0.25, 0), 1)
    },
    Case(kind: "HardSwish") { $0 * min(max($0 / 6 + 0.5, 0), 1) },
    Case(kind: "Softplus") { log(1 + exp($0)) },
    Case(kind: "Mish") { $0 * tanh(log(1 + exp($0))) },
    Case(kind: "Tanh") { tanh($0) },
    Case(kind: "Softsign") { $0 / (1 + abs($0)) },
    Case(kind: "Erf") { erf($0) },
    Case(kind: "Exp") { exp($0) },
    Case(kind: "Log", lowest: 0.1) { log($0) },
    Case(kind: "Sqrt", lowest: 0.1) { $0.squareRoot() },
    Case(kind: "Celu", attributes: [("alpha", 2)]) { $0 < 0 ? 2 * (exp($0 / 2) - 1) : $0 },
    Case(kind: "Swish", attributes: [("alpha", 0.5)]) { $0 * logistic(0.5 * $0) },
    Case(kind: "ThresholdedRelu") { $0 > 1 ? $0 : 0 },
    Case(kind: "ThresholdedRelu", attributes: [("alpha", -1)]) { $0 > -1 ? $0 : 0 },
    Case(kind: "Sin") { sin($0) },
    Case(kind: "Cos") { cos($0) },
    Case(kind: "Floor") { $0.rounded(.down) },
    Case(kind: "Ceil") { $0.rounded(.up) },
    Case(kind: "Round") { $0.rounded(.toNearestOrEven) },
    Case(kind: "Sign") { $0 < 0 ? -1 : $0 > 0 ? 1 : 0 },
    Case(kind: "Not") { $0 == 0 ? 1 : 0 },
    Case(kind: "Abs") { abs($0) },
    Case(kind: "Neg") { -$0 },
    Case(kind: "Reciprocal", lowest: 0.1) { 1 / $0 },
    Case(kind: "Gelu") { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) },
  ]

  @Test(arguments: cases) func `an activation computes its definition`(_ subject: Case) throws {
    var model = ONNXTestModel.dense(from: "active")
    let attributes = subject.attributes.map { ($0.0, ONNXTestModel.Attribute.float($0.1)) }
    model.node(
      subject.kind, ["x"], ["active"], Dictionary(uniqueKeysWithValues: attributes))
    let network = CompiledNetwork(try ModelFile(onnx: model.bytes).network)
    let inputs = (0..<32).map { subject.lowest + (3 - subject.lowest) * Double($0) / 31 }
    let picture = Tensor(inputs.map { Float($0) }, shape: [1, 2, 4, 4])
    let trace = network.trace(picture, for: TraceRequest(reading: ["active"]))
    for (x, y) in zip(inputs, trace["active"].scalars) {
      let expected = subject.definition(Double(Float(x)))
      // A few roundings of single precision.
      #expect(abs(Double(y) - expected) <= 1e-6 * max(1, abs(expected)))
    }
  }

  @Test(
    arguments: [
      ("Min", [-2, -1, 0.5], [1, -1, 0.25]), ("Max", [-2, -1, 0.5], [1, -1, 0.25]),
      ("Pow", [3, 0.5, 4], [2, 2, 0.5]), ("PRelu", [-2, 0, 3], [0.5, 0.25, 0.5]),
    ] as [(String, [Double], [Double])])
  func `a function of two inputs computes its definition`(
    _ kind: String, _ first: [Double], _ second: [Double]
  ) throws {
    var model = ONNXTestModel.dense(["N", "1", "1", "3"], from: "result")
    model.initializers = []
    model.constant("w", (0..<9).map { Float($0) }, [3, 3])
    model.constant("second", second.map { Float($0) }, [3])
    model.node(kind, ["x", "second"], ["result"])
    let network = CompiledNetwork(try ModelFile(onnx: model.bytes).network)
    let picture = Tensor(first.map { Float($0) }, shape: [1, 1, 1, 3])
    let trace = network.trace(picture, for: TraceRequest(reading: ["result"]))
    for ((a, b), found) in zip(zip(first, second), trace["result"].scalars) {
      let expected =
        switch kind {
        case "Min": min(a, b)
        case "Max": max(a, b)
        case "Pow": pow(a, b)
        default: a < 0 ? a * b : a
        }
      #expect(abs(Double(found) - expected) < 1e-6)
    }
  }
}
