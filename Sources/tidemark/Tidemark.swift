import ArgumentParser
import Jobs
import Kernels

/// Explains image classifiers in pictures.
@main
struct Tidemark: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tidemark",
    abstract: "Explains in pictures what an image classifier looks at.",
    discussion: """
      Examples:
        tidemark render photos/ --model net.onnx --preprocess imagenet \\
            --resize crop:256:224 --method grad-cam --out Outputs/first
        tidemark train photos-by-class/ --out Outputs/net.onnx
        tidemark evaluate Outputs/first
        tidemark flips photos-by-class/ --out Outputs/flips
        tidemark methods integrated-gradients
        tidemark inspect net.onnx
        tidemark samples --out Outputs/world --count 4000

      Exit codes: 0 all done, 2 some pictures failed, 3 nothing could be done, 64 wrong usage, \
      130 interrupted.
      """,
    version: "tidemark \(Release.version), \(Engine.preferred.version)",
    subcommands: [
      RenderCommand.self, EvaluateCommand.self, FlipsCommand.self, StudyCommand.self,
      TrainCommand.self,
      MethodsCommand.self, InspectCommand.self, SamplesCommand.self,
    ])

  static func main() async {
    do {
      try await run(CommandLine.arguments.dropFirst().map { $0 })
    } catch {
      Console.end(with: error)
    }
  }

  /// Runs a command as it is typed.
  static func run(_ arguments: [String]) async throws {
    var command = try parseAsRoot(arguments)
    if var command = command as? any AsyncParsableCommand {
      try await command.run()
    } else {
      try command.run()
    }
  }
}
