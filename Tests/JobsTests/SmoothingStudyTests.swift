import Foundation
import Measures
import TestSupport
import Testing

@testable import Jobs

struct SmoothingStudyTests {
  @Test func `a study compares levels and baselines, and goes on where it was`() async throws {
    let folder = try TemporaryFolder()
    for index in 0..<3 { try folder.writePicture("in/\(index).png", seed: index) }
    let file = try #require(
      Bundle.module.url(forResource: "Golden", withExtension: nil)
        .map { $0.appending(component: "tiny.onnx").path })
    let model = try OpenedModel(file, preprocess: "raw", resize: nil, labels: nil)
    let settings = SmoothingStudySettings(deviations: [0, 0.1], samples: 4, gradients: 12)
    let member = try SmoothingStudyRunner.Member(
      "tiny", inputs: [folder("in")], output: folder("out"), model: model, settings: settings,
      options: Job.Options())
    let store = try ArtifactStore(folder: folder("out"))
    func run(threads: Int) async throws -> SmoothingStudy {
      let runner = try SmoothingStudyRunner(
        member, settings: settings, into: store, threads: threads)
      #expect(try await runner.run().isEmpty)
      let study = try SmoothingStudy(of: [member], in: store)
      try study.write(to: store)
      return study
    }
    let study = try await run(threads: 1)
    #expect(study.levels.map(\.deviation) == [0, 0.1])
    #expect(study.levels.allSatisfy { $0.network == "tiny" })
    for level in study.levels {
      if let cosine = level.cosine { #expect((-1...1).contains(cosine.mean)) }
    }
    #expect(study.sensitivity.count == 3 && study.sensitivity[0].gain == nil)
    let before = try folder.files(below: "out")
    for name in ["smoothing.csv", "sensitivity.csv", "pictures.csv", "study.json", "smoothing.png"]
    {
      #expect(before[name] != nil, "\(name)")
    }
    #expect(before["pictures/tiny/0.png.json"] != nil)
    // A part that is missing is made again, on more threads, and equals what it was.
    try FileManager.default.removeItem(atPath: folder("out/pictures/tiny/1.png.json"))
    _ = try await run(threads: 2)
    #expect(try folder.files(below: "out") == before)
  }
}
