import Explanations
import Foundation
import ImageCodecs
import Imaging
import Kernels
import Measures
import Networks
import Samples
import TestSupport
import Testing

@testable import Jobs

struct EvaluationTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for (index, name) in Self.names.enumerated() {
      try folder.writePicture("in/\(name)", seed: index)
    }
  }

  private static let names = ["a.png", "sub/b.png", "c.png", "d.png"]
  private static let model = Bundle.module.url(forResource: "Golden", withExtension: nil)
    .map { $0.appending(component: "tiny.onnx").path }

  private static var opened: OpenedModel {
    get throws {
      try OpenedModel(try #require(model), preprocess: "raw", resize: nil, labels: nil)
    }
  }

  private func render(targets: String = "predicted") async throws {
    var options = Job.Options()
    options.target = try Target(targets)
    options.targetText = targets
    options.modelPath = try #require(Self.model)
    let job = try Job(
      inputs: [folder("in")], output: folder("out"), model: try Self.opened,
      methods: try MethodSelection.methods(named: ["gradient", "grad-cam"], settings: []),
      options: options)
    let store = try ArtifactStore(folder: folder("out"))
    _ = try await JobRunner(job, into: store, threads: 1).run()
  }

  /// Says of every picture where its square is.
  private func annotate(kind: String = "square", classes: [String] = ["square"]) throws {
    var entries: [Annotations.Entry] = []
    for (index, name) in Self.names.enumerated() {
      var mask = Bitmap(size: PixelSize(width: 24, height: 20), layout: .gray, filledWith: [0])
      for y in 4..<12 { for x in 4..<12 { mask[(x + index * 3) % 24, y, 0] = 255 } }
      try folder.write(
        try PNGCodec.encode(mask, text: [(keyword: "Tidemark", text: "mask")]),
        to: "in/masks/\(index).png")
      entries.append(
        Annotations.Entry(
          path: name, width: 24, height: 20, kind: kind, mask: "masks/\(index).png"))
    }
    try folder.write(
      try Annotations(classes: classes, pictures: entries).json(), to: "in/annotations.json")
  }

  @discardableResult
  private func evaluate(
    measures: [String] = ["localization", "deletion", "complexity"], settings: [String] = [],
    into output: String = "judged",
    threads: Int = 1, anyClass: Bool = false, redoes: Bool = false
  ) async throws -> EvaluationSummary {
    let run = try FinishedRun(folder("out"))
    var settings = EvaluationSettings(
      measures: try MeasureSelection.measures(named: measures, settings: settings),
      truth: TruthTable.beside([folder("in")]))
    settings.countsAnyClass = anyClass
    let runner = try EvaluationRunner(
      run, job: try run.job(of: try Self.opened, engine: .portable), settings: settings,
      into: try ArtifactStore(folder: folder(output)), threads: threads, redoes: redoes)
    return try await runner.run()
  }

  @Test func `methods and controls are measured on every picture`() async throws {
    try await render()
    try annotate()
    let summary = try await evaluate()
    #expect(summary.pictureCount == 4 && summary.annotatedCount == 4)
    #expect(summary.failures.isEmpty && summary.missing.isEmpty)
    #expect(summary.sections.map(\.group) == [.localization, .faithfulness, .complexity])
    let rows = try #require(summary.sections.first).rows
    #expect(rows.map(\.name).prefix(2) == ["gradient", "grad-cam"])
    #expect(rows.filter(\.isControl).map(\.name) == ControlCatalog.all.map(\.about.name))
    let names = Set(try folder.files(below: "judged").keys)
    #expect(
      names
        == Set(Self.names.map { "pictures/\($0).json" }).union([
          "measures.csv", "summary.csv", "evaluation.json", "ranking.png",
        ]))
    let table = try String(contentsOfFile: folder("judged/measures.csv"), encoding: .utf8)
    #expect(table.split(separator: "\r\n").count == 1 + 4 * 7)
    #expect(!table.contains("nan"))
  }

  @Test func `threads, order and a second run change no byte`() async throws {
    try await render()
    try annotate()
    try await evaluate(into: "one")
    try await evaluate(into: "three", threads: 3)
    let one = try folder.files(below: "one")
    #expect(try folder.files(below: "three") == one)
    let times = try folder.times(of: one.keys, below: "one")
    let again = try await evaluate(into: "one")
    #expect(again.unchangedCount == 4)
    #expect(try folder.times(of: one.keys, below: "one") == times)
    try await evaluate(into: "one", redoes: true)
    #expect(try folder.files(below: "one") == one)
  }

  @Test func `an evaluation that was interrupted goes on`() async throws {
    try await render()
    try annotate()
    try await evaluate()
    let whole = try folder.files(below: "judged")
    try FileManager.default.removeItem(atPath: folder("judged/pictures/sub/b.png.json"))
    try FileManager.default.removeItem(atPath: folder("judged/ranking.png"))
    let summary = try await evaluate()
    #expect(summary.unchangedCount == 3)
    #expect(try folder.files(below: "judged") == whole)
  }

  @Test func `what was measured under other annotations is measured anew`() async throws {
    try await render()
    #expect(try await evaluate().sections.map(\.group) == [.faithfulness, .complexity])
    try annotate()
    #expect(try await evaluate().unchangedCount == 0)
    #expect(try await evaluate(measures: ["complexity"]).unchangedCount == 0)
  }

  @Test func `maps that are missing and pictures that changed are told`() async throws {
    try await render()
    try FileManager.default.removeItem(atPath: folder("out/maps/a.png/gradient.json"))
    try folder.writePicture("in/c.png", seed: 9)
    try folder.write(Data("x".utf8), to: "in/d.png")
    try folder.write(Data([1, 2]), to: "out/maps/sub/b.png/gradient.npy")
    let summary = try await evaluate()
    #expect(summary.pictureCount == 1)
    #expect(summary.missing == ["gradient": 1])
    #expect(summary.failures.map(\.path) == ["c.png", "d.png", "sub/b.png"])
    #expect(summary.failures.first?.reason.contains("has changed since") == true)
    #expect(summary.failures.last?.reason.contains("gradient are gone or were changed") == true)
  }

  @Test func `maps of another class are not held against the annotation`() async throws {
    let labels = try Self.opened.network.labels
    let label = try #require(labels.first)
    try await render(targets: "#1")
    try annotate(kind: label, classes: [label])
    let summary = try await evaluate(measures: ["localization", "gini"])
    #expect(summary.sections.map(\.group) == [.complexity])
    let all = try await evaluate(measures: ["localization", "gini"], anyClass: true)
    #expect(all.sections.map(\.group) == [.localization, .complexity])
  }

  @Test func `a folder that is no run, and another network, are refused`() async throws {
    #expect(throws: JobError.self) { try FinishedRun(folder("in")) }
    try await render()
    try folder.write(Data("{}".utf8), to: "broken/run.json")
    #expect(throws: JobError.self) { try FinishedRun(folder("broken")) }
  }

  @Test(arguments: Orientation.allCases)
  func `boxes and masks are turned as their pictures are`(orientation: Orientation) throws {
    let stored = PixelSize(width: 12, height: 7)
    let box = PixelRect(x: 2, y: 1, width: 5, height: 3)
    var mask = Bitmap(size: stored, layout: .gray, filledWith: [0])
    for y in box.y..<box.maxY { for x in box.x..<box.maxX { mask[x, y, 0] = 255 } }
    try folder.write(try PNGCodec.encode(mask), to: "in/mask.png")
    let entry = Annotations.Entry(
      path: "a.png", width: 12, height: 7, kind: "square", box: box, mask: "mask.png")
    try folder.write(
      try Annotations(classes: ["square"], pictures: [entry]).json(), to: "in/annotations.json")
    let table = try TruthTable(folder("in/annotations.json"))
    let upright =
      orientation.swapsSides ? PixelSize(width: 7, height: 12) : stored
    let placement = InputGeometry.squash(upright).placement(in: upright)
    let truth = try table.truth(of: entry, orientation: orientation, placement: placement)
    #expect(truth.isBoxed.count { $0 } == 15)
    #expect(truth.mask == truth.isBoxed)
    // A picture decoded to half its size is the same place on the network's grid.
    let half = InputGeometry.squash(upright).placement(
      in: PixelSize(width: (upright.width + 1) / 2, height: (upright.height + 1) / 2))
    #expect(
      try table.truth(of: entry, orientation: orientation, placement: half) == truth)
    #expect(throws: Refusal.self) {
      try table.truth(
        of: entry, orientation: orientation,
        placement: InputGeometry.squash(upright).placement(in: PixelSize(width: 40, height: 9)))
    }
  }

  @Test func `rankings put the best first and tell measures that controls do as well by`() {
    func ranking(_ values: [[Double]]) -> MeasureRanking {
      var table = EvaluationTable(
        candidates: [
          .init(name: "a", isControl: false), .init(name: "b", isControl: false),
          .init(name: "c", isControl: true),
        ], measures: [Deletion.about], paths: values[0].indices.map { "\($0)" })
      for index in values[0].indices {
        let maps = zip(table.candidates, values).map { candidate, values in
          MeasuredMap(
            method: candidate.name, isControl: candidate.isControl, target: "predicted",
            fact: ClassRecord(index: 0), values: ["deletion": MeasuredValue(values[index])])
        }
        table.add(
          MeasuredPicture(key: ContentDigest(of: []), path: "\(index)", maps: maps), at: index)
      }
      return MeasureRanking(of: table, column: 0, by: PairedBootstrap())
    }
    // Lower is better; b beats the control on every picture, a does on average what it does.
    let clear = ranking([[3, 5, 4, 4], [1, 2, 1, 2], [4, 4, 4, 4]])
    #expect(clear.standings.map(\.candidate.name) == ["b", "a", "c"])
    #expect(clear.standings.map(\.isAmongBest) == [true, false, false])
    #expect(!clear.isBlind)
    let blind = ranking([[3, 5, 4, 4], [4, 5, 4, 5], [4, 4, 4, 4]])
    #expect(blind.isBlind)
    #expect(blind.standings.first?.candidate.name == "a")
  }
}
