import ArgumentParser
import Foundation
import Jobs
import Networks

/// Shows what a network is made of.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Shows a network: input, layers, parameters, and the layer suggested for grad-cam.",
    discussion: """
      Of a network that cannot be read, it lists every node that stands in the way, why, and what \
      can be done; the exit code is 3 then.

      Examples:
        tidemark inspect net.onnx
        tidemark inspect net.onnx --json > net.json
      """)

  @Argument(
    help: ArgumentHelp(
      "The network, an ONNX file or \(SampleModels.preferred).", valueName: "model"))
  var model: String

  @Option(
    help: ArgumentHelp(
      "Show the network with this preprocessing in front: imagenet, caffe, tf, raw, or a JSON file.",
      valueName: "preset|file"))
  var preprocess: String?

  @Flag(help: "Write JSON.")
  var json = false

  func run() throws {
    let model = try SampleModels.path(of: model)
    let file: ModelFile
    do throws(ModelError) {
      file = try ModelFile.read(model)
    } catch  where !error.findings.isEmpty {
      let refusal = ModelRefusal(file: model, findings: error.findings)
      print(json ? try refusal.json() : Console.visible(refusal.text))
      let count = error.findings.count
      throw JobError(
        .environment, "\(model): \(count) \(count == 1 ? "node" : "nodes") cannot be read")
    } catch {
      throw JobError(error.kind == .choice ? .request : .environment, "\(error)")
    }
    let inspection = try NetworkInspection(of: file, at: model, preprocess: preprocess)
    print(json ? try inspection.json() : Console.visible(inspection.text))
  }
}
