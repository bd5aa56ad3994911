import ArgumentParser
import Foundation
import Kernels
import Networks
import Tensors

/// Writes what a network computes, for programs that compare it with something else.
@main
struct Values: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "values",
    abstract: "Write a network's scores, input gradients, and the inputs of layers with kinks.",
    discussion: """
      The folder then holds logits.npy [N, K], grad_input.npy [N, C, H, W] (of each picture's target \
      score), kinkI.npy, and kinks.json, which names the file for each such layer's output. \
      Pictures go through one at a time.
      """)

  @Argument(help: "An ONNX file.")
  var model: String

  @Argument(help: "Pictures [N, C, H, W], a NumPy file.")
  var input: String

  @Argument(help: "A class for each picture, a NumPy file.")
  var targets: String

  @Argument(help: "Where to write.")
  var folder: String

  @Argument(help: "portable or onednn.")
  var engine: String = Engine.preferred.rawValue

  @Option(help: "Also write the network itself to this ONNX file.")
  var onnx: String?

  private static let kinked: Set<String> = [
    "Abs", "Celu", "Clip", "Elu", "HardSigmoid", "HardSwish", "LeakyRelu", "Max", "MaxPool", "Min",
    "PRelu", "Relu", "Selu", "ThresholdedRelu",
  ]

  func run() throws {
    guard let engine = Engine(rawValue: engine), Engine.available.contains(engine) else {
      throw ValidationError("this build has no engine '\(engine)'")
    }
    let network = try ModelFile.read(model).network
    if let onnx { try network.write(onnx: onnx) }
    let pictures = try NPY.read(input)
    let classes = try NPY.read(targets).scalars.map { Int($0) }
    guard pictures.shape.item == network.inputShape, classes.count == pictures.batch,
      classes.allSatisfy((0..<network.classCount).contains)
    else {
      throw ValidationError(
        "\(pictures.shape) and \(classes.count) targets do not fit [N] and \(network.inputShape)")
    }
    let folder = URL(filePath: folder, directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    func write(_ parts: [Tensor], _ name: String) throws {
      try Data(NPY.bytes(of: .concatenating(parts))).write(to: folder.appending(path: name))
    }

    let subjects = network.nodes.filter { Self.kinked.contains($0.layer.kind) }
    let sources = Set(subjects.map { $0.inputs[0] })
    let request = TraceRequest(
      reading: sources.union([.logits]), seeding: [.logits], gradients: [.input])
    let compiled = CompiledNetwork(network, engine: engine)
    var (scores, gradients): ([Tensor], [Tensor]) = ([], [])
    var values: [LayerName: [Tensor]] = [:]
    for (index, target) in classes.enumerated() {
      let trace = compiled.trace(pictures.items(index..<index + 1), for: request)
      for source in sources { values[source, default: []].append(trace[source]) }
      scores.append(trace[.logits])
      var seed = Tensor(zeros: [1, network.classCount])
      seed[target] = 1
      gradients.append(trace.gradient(seeding: [.logits: seed]))
    }
    try write(scores, "logits.npy")
    try write(gradients, "grad_input.npy")
    var names: [String: String] = [:]
    for (index, node) in subjects.enumerated() {
      names[node.name.description] = "kink\(index).npy"
      try write(values[node.inputs[0]] ?? [], "kink\(index).npy")
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    try encoder.encode(names).write(to: folder.appending(path: "kinks.json"))
  }
}
