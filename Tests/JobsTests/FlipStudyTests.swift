import Directions
import Explanations
import Foundation
import Measures
import Networks
import TestSupport
import Testing

@testable import Jobs

/// What the flips of a folder say together.
struct FlipStudyTests {
  let folder: TemporaryFolder

  private static let names = ["ruby", "green", "blue, azure"]

  /// Pictures in folders that are called after classes.
  init() throws {
    folder = try TemporaryFolder()
    for index in 0..<6 {
      try folder.writePicture("in/\(Self.names[index % 3])/\(index).png", seed: index)
    }
    try folder.writePicture("in/elsewhere/6.png", seed: 6)
  }

  private func study(by features: FlipFeatures = .cells) async throws -> FlipStudy {
    let golden = try #require(Bundle.module.url(forResource: "Golden", withExtension: nil))
    let model = try OpenedModel(
      golden.appending(component: "tiny.onnx").path, preprocess: "raw", resize: nil, labels: nil)
    let job = try Job(
      inputs: [folder("in")], output: folder("out/run"), model: model,
      methods: try MethodSelection.methods(named: ["flip-points"], settings: []),
      options: Job.Options())
    let store = try ArtifactStore(folder: folder("out/run"))
    _ = try await JobRunner(job, into: store, threads: 1).run()
    return try FlipStudy(of: job, in: store, truth: nil, features: features)
  }

  @Test func `each picture has a line, and folders tell the truth`() async throws {
    let study = try await study()
    #expect(study.pictures.count == 7)
    for picture in study.pictures {
      let folder = picture.path.split(separator: "/").first.map(String.init) ?? ""
      #expect(picture.truth?.index == Self.names.firstIndex(of: folder))
      #expect(picture.isRight == picture.truth.map { $0.index == picture.prediction.index })
      #expect(picture.foil?.index != picture.prediction.index)
      #expect((picture.distance ?? 0) > 0 || picture.status != "complete")
      #expect(picture.distance == picture.l2)
    }
    let distances = study.byDistance.compactMap(\.distance)
    #expect(zip(distances, distances.dropFirst()).allSatisfy { $0 <= $1 })
    let detection = try #require(study.detection)
    #expect(detection.distance.right + detection.distance.wrong <= 6)
    #expect(detection.distance.interval != nil || detection.distance.reason != nil)
  }

  @Test func `pairs hold every flip, with the median of their distances`() async throws {
    let study = try await study()
    let found = study.pictures.filter { $0.foil != nil }
    #expect(study.pairs.reduce(0) { $0 + $1.count } == found.count)
    for pair in study.pairs {
      let distances = found.filter {
        $0.prediction.index == pair.from.index && $0.foil?.index == pair.to.index
      }.compactMap(\.distance).sorted()
      #expect(distances.count == pair.count)
      let middle =
        (distances[(distances.count - 1) / 2] + distances[distances.count / 2]) / 2
      #expect(pair.medianDistance == middle)
      let nearest = try #require(pair.nearest.first)
      #expect(found.first { $0.path == nearest }?.distance == distances[0])
      #expect(pair.nearest.count == min(3, pair.count))
    }
  }

  @Test func `tables and figures are written, the same again`() async throws {
    let study = try await study()
    let store = try ArtifactStore(folder: folder("out"))
    try study.write(to: store)
    func files() throws -> [String: Data] {
      try folder.files(below: "out").filter { !$0.key.hasSuffix("ledger.jsonl") }
    }
    let first = try files()
    var names: Set = [
      "flips.csv", "pairs.csv", "flips.json", "confidence.png", "pairs.png", "pictures.png",
    ]
    if Factorizations.isAvailable {
      names.formUnion(["directions.png", "features.csv", "features.png"])
      #expect(study.reasonWithoutDirections == nil)
    } else {
      #expect(study.reasonWithoutDirections != nil)
    }
    #expect(Set(first.keys.filter { !$0.hasPrefix("run/") }) == names)
    let table = String(decoding: try #require(first["flips.csv"]), as: UTF8.self)
    #expect(table.split(whereSeparator: \.isNewline).count == 8)
    try await self.study().write(to: store)
    #expect(try files() == first)
  }

  @Test(.enabled(if: Factorizations.isAvailable), arguments: FlipFeatures.allCases)
  func `features of every kind are ranked and drawn`(kind: FlipFeatures) async throws {
    let study = try await study(by: kind)
    let store = try ArtifactStore(folder: folder("out"))
    try study.write(to: store)
    let summary = study.directions.summary
    #expect(summary.kind == kind)
    let features = try #require(summary.features)
    #expect(zip(features, features.dropFirst()).allSatisfy { $0.norm >= $1.norm })
    #expect(Set(features.map(\.index)).count == features.count)
    #expect(store.exists("features.csv") && store.exists("features.png"))
  }

  @Test func `a class is found by its name and its synonyms`() {
    let classes = TrueClasses(
      labels: ["tabby, tabby cat", "bull_mastiff"], classCount: 2, annotations: nil)
    func truth(_ path: String) -> ClassIndex? {
      classes.truth(of: WorkItem(path: path, file: path))?.index
    }
    #expect(truth("Tabby cat/1.png") == 0)
    #expect(truth("tabby/x/1.png") == nil)
    #expect(truth("x/bull mastiff/1.png") == 1)
    #expect(truth("1.png") == nil)
  }
}
