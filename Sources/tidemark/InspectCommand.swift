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
      Examples:
        tidemark inspect net.onnx
        tidemark inspect net.onnx --json > net.json
      """)

  @Argument(help: ArgumentHelp("The network, an ONNX file.", valueName: "model"))
  var model: String

  @Option(
    help: ArgumentHelp(
      "Show the network with this preprocessing in front: imagenet, caffe, tf, raw, or a JSON file.",
      valueName: "preset|file"))
  var preprocess: String?

  @Flag(help: "Write JSON.")
  var json = false

  func run() throws {
    let inspection = try NetworkInspection(of: model, preprocess: preprocess)
    print(json ? try inspection.json() : Console.visible(inspection.text))
  }
}
