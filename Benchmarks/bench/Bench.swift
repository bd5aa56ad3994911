import ArgumentParser
import Foundation
import Kernels
import Networks
import Tensors

/// Times passes through a network: forward alone, and with the gradient at the input.
///
/// Engines are interleaved, round by round, so that whatever else the machine does hits all of them.
@main
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Time forward passes and input gradients of networks, engines side by side.",
    discussion: "Run it in a release build on a quiet machine: medians and spread are printed.")

  @Argument(help: "ONNX files.")
  var models: [String]

  @Option(help: "Pictures in a pass; no more than a network's own limit are taken.")
  var batch = 1

  @Option(help: "Timed rounds; one more warms up.")
  var rounds = 15

  @Option(help: "Threads for the kernels of a pass.")
  var threads = 1

  @Option(help: "Pictures [N, C, H, W], a NumPy file; otherwise all values are one half.")
  var pictures: String?

  @Option(help: "What pictures are brought to before the network: raw, imagenet, caffe or tf.")
  var preprocess = "raw"

  @Flag(help: "Instead, time what lines of standard input ask for; takes one file.")
  var serve = false

  @Flag(help: "Instead, list the kernels of a pass with gradient, longest first.")
  var profile = false

  func validate() throws {
    guard batch >= 1, rounds >= 1, threads >= 1 else {
      throw ValidationError("--batch, --rounds and --threads take numbers above 0")
    }
    guard !serve || models.count == 1 else {
      throw ValidationError("--serve takes one ONNX file, found \(models.count)")
    }
  }

  func run() throws {
    if serve {
      guard let preprocessing = Preprocessing(preset: preprocess) else {
        throw ValidationError("--preprocess: expected a preset, found '\(preprocess)'")
      }
      let network = try ModelFile.read(models[0]).network.reading(preprocessing)
      Server(network, pictures: try input(for: network), threads: threads).run()
    } else if profile {
      for path in models { try listKernels(of: path) }
    } else {
      try compareEngines()
    }
  }

  /// What is sent through the network, `[N, C, H, W]`.
  private func input(for network: Network) throws -> Tensor {
    guard let path = pictures else {
      return Tensor(repeating: 0.5, shape: Shape([1] + network.inputShape.extents))
    }
    let found = try NPY.read(path)
    guard found.shape.rank == 4, found.batch >= 1, found.shape.item == network.inputShape else {
      throw ValidationError(
        "\(path) holds \(found.shape), expected pictures of \(network.inputShape)")
    }
    return found
  }

  private func compareEngines() throws {
    ComputeThreads.setWidth(threads)
    print("\(threads) threads, \(rounds) rounds; milliseconds for a pass: median (10 % ... 90 %)")
    for path in models {
      let network = try ModelFile.read(path).network
      let models = Engine.available.map { CompiledNetwork(network, engine: $0) }
      let pictures = min(batch, models[0].batchLimit)
      let operations = network.summaries.reduce(0) { $0 + $1.operations } * pictures
      print(
        "\(URL(filePath: path).lastPathComponent), \(pictures) pictures, "
          + "\(operations / 1_000_000) MFLOP forward")
      let input = try input(for: network).items(cycling: 0..<pictures)
      var forward = [[Double]](repeating: [], count: models.count)
      var gradient = forward
      for round in 0...rounds {
        for (index, model) in models.enumerated() {
          let times = (
            Self.milliseconds { _ = model.logits(for: input) },
            Self.milliseconds { _ = model.gradient(of: .logit(0), for: input) }
          )
          if round > 0 {
            forward[index].append(times.0)
            gradient[index].append(times.1)
          }
        }
      }
      for (index, model) in models.enumerated() {
        let name = model.engine.rawValue.padding(toLength: 9, withPad: " ", startingAt: 0)
        print(
          "  \(name) forward \(Self.text(forward[index]))   gradient \(Self.text(gradient[index]))")
      }
    }
  }

  private func listKernels(of path: String) throws {
    ComputeThreads.setWidth(threads)
    let network = try ModelFile.read(path).network
    let model = CompiledNetwork(network)
    let input = try input(for: network).items(cycling: 0..<min(batch, model.batchLimit))
    let request = TraceRequest(reading: [.logits], seeding: [.logits], gradients: [.input])
    let lines = try model.profile(request, for: input, rounds: rounds).lines
    for isBackward in [false, true] {
      let part = lines.filter { $0.isBackward == isBackward }
      let total = part.reduce(Duration.zero) { $0 + $1.duration }
      print("\(isBackward ? "backward" : "forward"): \(total / .microseconds(1)) µs")
      for line in part.sorted(by: { $0.duration > $1.duration }) {
        let time = String(format: "%9.1f", line.duration / .microseconds(1))
        print("\(time)  \(line.kernel)  \(line.step)")
      }
    }
  }

  private static func milliseconds(_ body: () -> Void) -> Double {
    let elapsed = ContinuousClock().measure(body)
    return elapsed / .milliseconds(1)
  }

  private static func text(_ times: [Double]) -> String {
    let sorted = times.sorted()
    func quantile(_ part: Double) -> String {
      String(format: "%.2f", sorted[Int((Double(sorted.count - 1) * part).rounded())])
    }
    return "\(quantile(0.5)) (\(quantile(0.1)) ... \(quantile(0.9)))"
  }
}
