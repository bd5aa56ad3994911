import ArgumentParser
import Foundation
import Jobs
import Kernels
import Networks
import Samples
import Training

/// The decision boundary of an invertible network, drawn.
struct TwoMoonsStudyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "two-moons",
    abstract: "The whole decision boundary of an invertible network of the plane, drawn.",
    discussion: """
      Trains invertible networks on two moons, points of the plane in two classes that reach into each \
      other, as Zhuang, Dvornek, Li, Yang and Duncan (2019) do. Among features the decision boundary is \
      straight; the inverse takes it back to the plane, where it is drawn without any search, with what \
      invertible-projection finds for the validation points and, to compare with, the nearest points. \
      The paper's program reports 95.33 % of training and 91.50 % of validation points right.

      Example:
        tidemark study two-moons --out Outputs/two-moons

      Written are study.csv (a line for each training), points.csv (a line for each validation point), \
      study.json, study.png, which draws the training with the most validation points right, and its network, \
      two-moons.onnx.
      """)

  @Option(name: [.customLong("out")], help: ArgumentHelp("The output folder.", valueName: "folder"))
  var output: String

  @Option(
    help: ArgumentHelp("Points, of which three fifths are trained with.", valueName: "number"))
  var count = 1000

  @Option(help: ArgumentHelp("The deviation of the noise on points.", valueName: "number"))
  var noise = 0.2

  @Option(help: ArgumentHelp("Couplings of the network.", valueName: "number"))
  var blocks = PlaneTraining().blocks

  @Option(help: ArgumentHelp("Epochs of each training.", valueName: "number"))
  var epochs = PlaneTraining().epochs

  @Option(
    help: ArgumentHelp("How often it is trained, each time with other points.", valueName: "number")
  )
  var trainings = 10

  @Option(help: ArgumentHelp("Where random numbers start.", valueName: "number"))
  var seed: UInt64 = 0

  func validate() throws {
    guard !output.isEmpty else { throw ValidationError("--out: expected a folder, found nothing") }
    for (name, value, range) in [
      ("count", count, 10...100_000), ("blocks", blocks, 1...1000), ("epochs", epochs, 0...100_000),
      ("trainings", trainings, 1...1000),
    ] {
      guard range.contains(value) else {
        throw ValidationError(
          "--\(name): expected \(range.lowerBound) to \(range.upperBound), found \(value)")
      }
    }
    guard (0...10).contains(noise) else {
      throw ValidationError("--noise: expected 0 to 10, found \(noise)")
    }
  }

  func run() async throws {
    let store = try ArtifactStore(folder: output)
    let engine = Engine.preferred
    var members: [TwoMoonsStudy.Member] = []
    for number in 0..<UInt64(trainings) {
      Console.note("training \(number + 1) of \(trainings)")
      members.append(try member(seed: seed &+ number, engine: engine))
    }
    Console.note("projecting \(trainings * members[0].validation.count) points")
    let study = try TwoMoonsStudy(of: members, engine: engine)
    try study.write(to: store)
    try store.write(
      members[study.drawn].network.onnx(), named: "two-moons.onnx")
    print(Self.text(study))
    print("look at \(output)/study.png")
  }

  private func member(seed: UInt64, engine: Engine) throws -> TwoMoonsStudy.Member {
    let moons = TwoMoons(count: count, noise: noise, seed: seed)
    let trained = count * 3 / 5
    let (training, validation) = (moons[0..<trained], moons[trained..<count])
    var plan = PlaneTraining()
    plan.blocks = blocks
    plan.epochs = epochs
    let network = try plan.network(
      for: training.points, classes: training.classes, seed: seed, engine: engine)
    return TwoMoonsStudy.Member(
      seed: seed, network: network, training: training, validation: validation)
  }

  private static func text(_ study: TwoMoonsStudy) -> String {
    let columns: [(name: String, format: String, value: (TwoMoonsStudy.Line) -> Double)] = [
      ("training", "%.2f %%", { 100 * $0.trainingAccuracy }),
      ("validation", "%.2f %%", { 100 * $0.validationAccuracy }),
      ("reconstruction", "%.1e", \.reconstructionError), ("tie", "%.1e", \.tie),
      ("completeness", "%.2f %%", { 100 * $0.completenessGap }),
      ("to projection", "%.3f", \.projectionDistance), ("to boundary", "%.3f", \.nearestDistance),
      ("as searched", "%.3f", \.flipDistance),
    ]
    let rows = study.lines.map { line in
      ["\(line.seed)"] + columns.map { String(format: $0.format, $0.value(line)) }
    }
    let means = columns.map { column in
      let found = study.mean(of: column.value)
      return String(format: column.format, found.mean)
    }
    return TextTable.text(
      [["SEED"] + columns.map(\.name)] + rows + [["mean"] + means], numbers: columns.count)
  }
}
