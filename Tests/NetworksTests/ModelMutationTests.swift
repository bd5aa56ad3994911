import Foundation
import Kernels
import Networks
import Tensors
import TestSupport
import Testing

/// Damaged models must be refused or run; anything else ends the test process.
@Suite struct ModelMutationTests {
  /// How many damaged models are tried; the environment may ask for more than the suite's share.
  static let count =
    ProcessInfo.processInfo.environment["TIDEMARK_MUTATIONS"].flatMap { Int($0) } ?? 3000

  static func stored() throws -> [[UInt8]] {
    try ModelGoldenTests.cases.map {
      [UInt8](try Data(contentsOf: URL(filePath: "\(ModelGoldenTests.folder)/\($0).onnx")))
    }
  }

  @Test func `a model cut off anywhere is refused or runs`() throws {
    let model = ONNXTestModel.dense().bytes
    for end in model.indices { Self.read(Array(model[..<end])) }
  }

  /// Scores behind a function's call and a branch, one within the other, and a sequence.
  private static var nested: ONNXTestModel {
    var model = ONNXTestModel.dense(from: "joined")
    var (first, second) = (ONNXTestModel.empty, ONNXTestModel.empty)
    first.node("Turn", ["x"], ["r"], ["by": .float(2)], domain: "own")
    second.constant("scale", [3], [1])
    second.node("Mul", ["x", "scale"], ["r"])
    model.function("Turn", ["in"], ["out"], attributes: ["by"]) {
      $0.node("LeakyRelu", ["in"], ["between"], ["alpha": .reference("by")])
      $0.node("Turn2", ["between"], ["out"], domain: "own")
    }
    model.function("Turn2", ["in"], ["out"], opset: 13) { $0.node("Neg", ["in"], ["out"]) }
    model.constant("true", [1])
    model.node(
      "If", ["true"], ["chosen"],
      ["then_branch": .graph(first, ["r"]), "else_branch": .graph(second, ["r"])])
    model.node("SplitToSequence", ["chosen"], ["parts"], ["axis": .integer(1)])
    model.node("ConcatFromSequence", ["parts"], ["joined"], ["axis": .integer(1)])
    return model
  }

  @Test func `a model with damaged functions and branches is refused or runs`() throws {
    let model = Self.nested.bytes
    #expect(Self.read(model))
    var random = TestRandom(3)
    for _ in 0..<Self.count {
      var bytes = model
      for _ in 0..<Int.random(in: 1...3, using: &random) { Self.damage(&bytes, &random) }
      Self.read(bytes)
    }
  }

  @Test func `a model with damaged bytes is refused or runs`() throws {
    let models = try Self.stored()
    var random = TestRandom(1)
    var ran = 0
    for index in 0..<Self.count {
      var bytes = models[index % models.count]
      for _ in 0..<Int.random(in: 1...4, using: &random) { Self.damage(&bytes, &random) }
      if Self.read(bytes) { ran += 1 }
    }
    // Most damage hits weights, so a good part must still run: else nothing deep was tried.
    #expect(ran > Self.count / 20)
  }

  /// Kinds of nodes, and how many inputs they may have.
  private static let kinds = [
    ("Conv", 3), ("MaxPool", 1), ("AveragePool", 1), ("GlobalAveragePool", 1), ("Gemm", 3),
    ("MatMul", 2), ("Add", 2), ("Div", 2), ("Concat", 3), ("Flatten", 1), ("Reshape", 2),
    ("Slice", 5), ("Pad", 4), ("Transpose", 1), ("Softmax", 1), ("BatchNormalization", 5),
    ("Squeeze", 2), ("Unsqueeze", 2), ("ReduceMean", 2), ("Clip", 3), ("Gather", 2), ("Shape", 1),
    ("ConstantOfShape", 1), ("Cast", 1), ("Dropout", 1), ("Relu", 1),
    ("LayerNormalization", 3), ("InstanceNormalization", 3), ("GroupNormalization", 3),
    ("LRN", 1), ("LpNormalization", 1), ("Resize", 4), ("Upsample", 2), ("ConvTranspose", 3),
    ("LpPool", 1), ("GlobalMaxPool", 1), ("GlobalLpPool", 1), ("DepthToSpace", 1),
    ("SpaceToDepth", 1), ("Split", 2), ("Expand", 2), ("Tile", 2), ("Where", 3), ("Less", 2),
    ("Equal", 2), ("Not", 1), ("And", 2), ("Sum", 3), ("Mean", 3), ("Max", 3), ("Pow", 2),
    ("Sub", 2), ("PRelu", 2), ("ReduceSum", 2), ("ReduceMax", 2), ("ReduceProd", 2),
    ("ReduceL2", 2), ("ReduceLogSumExp", 2), ("Einsum", 2), ("Range", 3), ("CumSum", 2),
    ("Mod", 2), ("GatherND", 2), ("Floor", 1), ("Swish", 1), ("Gelu", 1), ("LogSoftmax", 1),
    ("SplitToSequence", 2), ("SequenceAt", 2), ("SequenceConstruct", 3),
    ("SequenceInsert", 3), ("ConcatFromSequence", 1), ("ScatterND", 3), ("ScatterElements", 3),
  ]
  private static let attributes = [
    "axis", "axes", "pads", "strides", "dilations", "kernel_shape", "group", "starts", "ends",
    "perm", "ceil_mode", "auto_pad", "keepdims", "count_include_pad", "transB", "to", "allowzero",
    "num_groups",
    "size", "p", "is_test", "mode", "coordinate_transformation_mode", "keep_aspect_ratio_policy",
    "antialias", "blocksize", "output_padding", "output_shape", "split", "num_outputs", "equation",
    "noop_with_empty_axes", "transA", "exclude_outside", "alpha", "fmod", "exclusive",
    "new_axis", "reduction",
  ]

  private static let texts = [
    "auto_pad": ["SAME_UPPER", "SAME_LOWER", "VALID", ""],
    "mode": ["constant", "reflect", "edge", "wrap", "nearest", "linear", "cubic"],
    "coordinate_transformation_mode": [
      "align_corners", "asymmetric", "tf_crop_and_resize", "half_pixel_symmetric",
    ],
    "reduction": ["none", "add", "min"],
    "keep_aspect_ratio_policy": ["stretch", "not_larger", "not_smaller"],
    "equation": [
      "nchw,nchw->nc", "nchw->wn", "abcd,abde->abce", "...->...", "ii->i", "a,b->", "→",
    ],
  ]

  @Test func `a model of any nodes with any numbers is refused or runs`() throws {
    var random = TestRandom(2)
    var ran = 0
    for _ in 0..<Self.count {
      if Self.read(Self.chain(&random).bytes) { ran += 1 }
    }
    #expect(ran > Self.count / 20)
  }

  @Test func `a model of any nodes that can be read and written comes back`() throws {
    var random = TestRandom(3)
    var compared = 0
    for _ in 0..<Self.count {
      guard let network = try? ModelFile(onnx: Self.chain(&random).bytes).network,
        Self.isSmall(network), let file = try? network.onnx()
      else { continue }
      let again = try ModelFile(onnx: file).network
      let input = random.tensor(Shape([1] + network.inputShape.extents))
      let found = CompiledNetwork(again, engine: .portable).logits(for: input)
      let expected = CompiledNetwork(network, engine: .portable).logits(for: input)
      let agrees = zip(found.scalars, expected.scalars).allSatisfy { a, b in
        a == b || a.isNaN && b.isNaN || (a - b).magnitude <= 1e-4 * b.magnitude + 1e-6
      }
      #expect(agrees && found.shape == expected.shape, "\(network.summaries)")
      compared += 1
    }
    #expect(compared > Self.count / 20)
  }

  /// One to three nodes in a row with numbers near and far from sensible ones, ending in scores.
  private static func chain(_ random: inout TestRandom) -> ONNXTestModel {
    func number() -> Int {
      let usual = Int.random(in: -3...5, using: &random)
      let limits = [0, -1, 1 << 20, 1 << 40, .max, .min, Int(Int32.max), -1 << 33]
      return Int.random(in: 0..<8, using: &random) == 0
        ? limits.randomElement(using: &random) ?? 0 : usual
    }
    func numbers() -> [Int] { (0..<Int.random(in: 0...5, using: &random)).map { _ in number() } }
    var model = ONNXTestModel.dense(from: "end")
    model.opset = Int.random(in: 1...21, using: &random)
    model.constant("k", (0..<36).map { Float($0) / 36 }, [2, 2, 3, 3])
    model.constant("c", [0.5, 2], [2])
    model.constant("m", (0..<16).map { Float($0) / 16 }, [4, 4])
    var last = "x"
    let length = Int.random(in: 1...3, using: &random)
    for step in 0..<length {
      let (kind, inputs) = kinds.randomElement(using: &random) ?? ("Relu", 1)
      var names = [last]
      for position in 1..<max(1, Int.random(in: 1...inputs, using: &random)) {
        let own = "i\(step)_\(position)"
        switch Int.random(in: 0..<6, using: &random) {
        case 0: names.append("")
        case 1: names.append(last)
        case 2: names.append(["k", "c", "m", "x"].randomElement(using: &random) ?? "k")
        default:
          model.constant(own, numbers())
          names.append(own)
        }
      }
      if kind == "Resize", Bool.random(using: &random) {
        names = [last, "", "", "i\(step)_sizes"]
        model.constant("i\(step)_sizes", [1, 2, number(), number()])
      }
      if kind.hasPrefix("Conv") { names = [last, "k"] }
      if kind == "BatchNormalization" { names = [last, "c", "c", "c", "c"] }
      if kind.hasSuffix("Normalization") && inputs == 3 { names = [last, "c", "c"] }
      var values: [String: ONNXTestModel.Attribute] = [:]
      for name in attributes where Int.random(in: 0..<4, using: &random) == 0 {
        switch Int.random(in: 0..<10, using: &random) {
        case 0,
          1 where texts[name] != nil, 2 where texts[name] != nil:
          values[name] = .text(
            (texts[name] ?? texts["auto_pad", default: [""]]).randomElement(using: &random) ?? "")
        case 1: values[name] = .float(.nan)
        case 2...4: values[name] = .integer(number())
        default:
          let pairs = ["strides", "dilations", "kernel_shape"].contains(name)
          let few = (0..<(pairs ? 2 : 4)).map { _ in number() }
          values[name] = .integers(Bool.random(using: &random) ? few : numbers())
        }
      }
      if Bool.random(using: &random) { values["auto_pad"] = nil }
      let output = step == length - 1 ? "end" : "n\(step)"
      place(kind, names, output, values, in: &model, &random)
      last = output
    }
    // The dense layer fits the shape of the input only; a mean takes whatever comes.
    if Bool.random(using: &random) {
      model.node("GlobalAveragePool", ["end"], ["mean"])
      model.outputs = [ONNXTestModel.valueInfo("mean", [], 1)]
    }
    return model
  }

  /// A node as it is, in a function, or in a branch.
  private static func place(
    _ kind: String, _ inputs: [String], _ output: String,
    _ attributes: [String: ONNXTestModel.Attribute], in model: inout ONNXTestModel,
    _ random: inout TestRandom
  ) {
    switch Int.random(in: 0..<8, using: &random) {
    case 0:
      let formals = inputs.indices.map { "a\($0 == 3 ? 2 : $0)" }
      model.function("F", formals, ["r"]) {
        $0.node(kind, formals, [["r", "s", "a0"].randomElement(using: &random) ?? ""], attributes)
      }
      model.node("F", inputs, [output], attributes, domain: "own")
    case 1:
      var (first, second) = (ONNXTestModel.empty, ONNXTestModel.empty)
      first.node(kind, inputs, ["r"], attributes)
      second.node("Neg", inputs, ["r"])
      model.constant("yes\(output)", [1])
      let condition = ["yes\(output)", "x", "m", output].randomElement(using: &random) ?? ""
      model.node(
        "If", [condition], [output],
        ["then_branch": .graph(first, ["r"]), "else_branch": .graph(second, ["r"])])
    default: model.node(kind, inputs, [output], attributes)
    }
  }

  /// Bytes changed, cut out, repeated, or replaced by what numbers at their limits look like.
  static func damage(_ bytes: inout [UInt8], _ random: inout TestRandom) {
    guard !bytes.isEmpty else { return }
    // The graph's structure stands in front of the weights.
    let reach = Bool.random(using: &random) ? bytes.count : min(bytes.count, 400)
    let at = Int.random(in: 0..<reach, using: &random)
    let end = min(bytes.count, at + Int.random(in: 1...8, using: &random))
    switch Int.random(in: 0..<7, using: &random) {
    case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
    case 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 2: bytes[at] = [0, 1, 2, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
    case 3: bytes.removeSubrange(at..<end)
    case 4: bytes.insert(contentsOf: bytes[at..<end], at: at)
    case 5:
      let large = [UInt8](repeating: 0xFF, count: 9) + [0x01]
      bytes.replaceSubrange(
        at..<end, with: Bool.random(using: &random) ? large : Array(large.dropFirst(4)))
    default:
      let from = Int.random(in: 0..<bytes.count, using: &random)
      let source = Array(bytes[from..<min(bytes.count, from + end - at)])
      bytes.replaceSubrange(at..<end, with: source)
    }
  }

  private static let request = TraceRequest(
    reading: [.logits], seeding: [.logits], gradients: [.input])

  /// Whether a network takes little time and memory.
  private static func isSmall(_ network: Network) -> Bool {
    let work = network.summaries.reduce(0) { $0 + $1.operations }
    guard work < 1 << 22, network.inputShape.count < 1 << 16 else { return false }
    let size = try? CompiledNetwork(network).byteCount(of: request, batch: 1)
    return size.map { $0 < 1 << 26 } ?? false
  }

  /// Reads a model and, where it is small enough, runs it forward and backward.
  @discardableResult
  private static func read(_ bytes: [UInt8]) -> Bool {
    let network: Network
    do throws(ModelError) {
      network = try ModelFile(onnx: bytes).network
    } catch {
      #expect(!error.description.isEmpty)
      return false
    }
    guard isSmall(network) else { return false }
    let trace = CompiledNetwork(network).trace(
      Tensor(repeating: 0.5, shape: Shape([1] + network.inputShape.extents)), for: request)
    let seed = Tensor(repeating: 1, shape: [1, network.classCount])
    let gradient = trace.gradient(seeding: [.logits: seed])
    return gradient.count == network.inputShape.count
  }
}
