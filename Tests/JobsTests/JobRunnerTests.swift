import Explanations
import Foundation
import ImageCodecs
import Imaging
import Kernels
import Networks
import Rendering
import TestSupport
import Testing

@testable import Jobs

struct JobRunnerTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for (index, name) in ["a.png", "sub/b.png", "c.png", "d.png"].enumerated() {
      try folder.writePicture("in/\(name)", seed: index)
    }
  }

  private static let model = Bundle.module.url(forResource: "Golden", withExtension: nil)
    .map { $0.appending(component: "tiny.onnx").path }

  @discardableResult
  private func run(
    into output: String, inputs: [String] = ["in"], methods: [String] = ["gradient", "grad-cam"],
    settings: [String] = [], file: String? = model, resize: String? = nil, threads: Int = 1,
    redoes: Bool = false, options configure: (inout Job.Options) throws -> Void = { _ in }
  ) async throws -> RunSummary {
    var options = Job.Options()
    try configure(&options)
    let model = try OpenedModel(
      try #require(file), preprocess: "raw", resize: resize, labels: nil)
    let job = try Job(
      inputs: inputs.map { folder($0) }, output: folder(output), model: model,
      methods: try MethodSelection.methods(named: methods, settings: settings), options: options)
    let store = try ArtifactStore(folder: folder(output))
    return try await JobRunner(job, into: store, threads: threads, redoes: redoes).run()
  }

  @Test func `every picture has an overlay, numbers and a sidecar for each method`() async throws {
    let summary = try await run(into: "out")
    #expect(summary.finishedCount == 8)
    #expect(summary.failures.isEmpty)
    let names = Set(try folder.files(below: "out").keys)
    for picture in ["a.png", "sub/b.png", "c.png", "d.png"] {
      for method in ["gradient", "grad-cam"] {
        for suffix in ["overlay.png", "npy", "json"] {
          #expect(names.contains("maps/\(picture)/\(method).\(suffix)"))
        }
      }
    }
    #expect(
      names.subtracting(names.filter { $0.hasPrefix("maps/") })
        == [
          "run.json", "summary.csv", "contact-sheet.png", "contact-sheets/gradient.png",
          "contact-sheets/grad-cam.png",
        ])
  }

  @Test func `the number of threads and a second run change no byte`() async throws {
    try await run(into: "one", threads: 1)
    try await run(into: "three", threads: 3)
    let (one, three) = (try folder.files(below: "one"), try folder.files(below: "three"))
    #expect(one == three)
    try await run(into: "one", redoes: true)
    #expect(try folder.files(below: "one") == one)
  }

  @Test func `a picture's results do not depend on what else is in the run`() async throws {
    try await run(into: "all")
    try await run(into: "single", inputs: ["in/c.png"])
    let all = try folder.files(below: "all").filter { $0.key.hasPrefix("maps/c.png/") }
    let single = try folder.files(below: "single").filter { $0.key.hasPrefix("maps/") }
    #expect(all == single)
  }

  @Test func `what is done is not done again`() async throws {
    try await run(into: "out")
    let before = try folder.files(below: "out")
    let times = try folder.times(of: before.keys, below: "out")
    let summary = try await run(into: "out")
    #expect(summary.unchangedCount == 8)
    #expect(summary.finishedCount == 0)
    #expect(try folder.files(below: "out") == before)
    #expect(try folder.times(of: before.keys, below: "out") == times)
  }

  @Test(arguments: ["json", "npy", "overlay.png"])
  func `a file that is missing is made again, and only that map`(_ suffix: String) async throws {
    try await run(into: "out")
    let before = try folder.files(below: "out")
    try FileManager.default.removeItem(atPath: folder("out/maps/sub/b.png/gradient.\(suffix)"))
    let summary = try await run(into: "out")
    #expect(summary.finishedCount == (suffix == "overlay.png" ? 0 : 1))
    #expect(summary.redrawnCount == (suffix == "overlay.png" ? 1 : 0))
    #expect(summary.unchangedCount == 7)
    #expect(try folder.files(below: "out") == before)
  }

  @Test func `strips lie beside their map, are drawn anew with it, and go with it`() async throws {
    let methods = ["guided-feature-inversion"]
    let settings = ["trace=true", "channels=2", "steps=4"]
    func names() throws -> [String] {
      try folder.files(below: "out/maps/a.png").keys.sorted().map { String($0.dropFirst(25)) }
    }
    try await run(into: "out", methods: methods, settings: settings)
    #expect(
      try names() == [
        "channels.csv", "channels.npy", "channels.png", "json", "npy", "overlay.png", "trace.csv",
        "trace.npy", "trace.png",
      ])
    let before = try folder.files(below: "out")
    for suffix in ["trace.png", "channels.csv"] {
      try FileManager.default.removeItem(
        atPath: folder("out/maps/a.png/guided-feature-inversion.\(suffix)"))
      let summary = try await run(into: "out", methods: methods, settings: settings)
      #expect((summary.redrawnCount, summary.unchangedCount) == (1, 3))
      #expect(try folder.files(below: "out") == before)
    }
    let other = try await run(into: "out", methods: methods, settings: settings) {
      $0.rendering.colorMap = .named(.viridis)
    }
    #expect(other.redrawnCount == 4)
    let strip = "maps/a.png/guided-feature-inversion.trace"
    let after = try folder.files(below: "out")
    #expect(after["\(strip).npy"] == before["\(strip).npy"])
    #expect(after["\(strip).png"] != before["\(strip).png"])
    try folder.write(try #require(before["\(strip).csv"]), to: "out/\(strip).npy")
    #expect(try await run(into: "out", methods: methods, settings: settings).finishedCount == 1)
    #expect(try folder.files(below: "out") == before)
    try await run(into: "out", methods: methods, settings: ["steps=4"])
    #expect(try names() == ["json", "npy", "overlay.png"])
  }

  @Test func `a counterpart lies beside its map with its numbers and a comparison`() async throws {
    let methods = ["flip-points"]
    try await run(into: "out", methods: methods)
    let stem = "maps/a.png/flip-points"
    let before = try folder.files(below: "out")
    for suffix in ["counterpart.npy", "counterpart.png", "comparison.png", "json", "npy"] {
      #expect(before["\(stem).\(suffix)"] != nil, "\(suffix)")
    }
    let record = try JSONText.decode(MapRecord.self, from: try #require(before["\(stem).json"]))
    let counterpart = try #require(record.counterpart)
    #expect(counterpart.prediction.count == 2)
    #expect(counterpart.prediction.first?.index != record.target.fact.index)
    #expect(record.status == "complete")
    for (suffix, isDrawn) in [("comparison.png", true), ("counterpart.npy", false)] {
      try FileManager.default.removeItem(atPath: folder("out/\(stem).\(suffix)"))
      let summary = try await run(into: "out", methods: methods)
      #expect(summary.redrawnCount == (isDrawn ? 1 : 0))
      #expect(summary.finishedCount == (isDrawn ? 0 : 1))
      #expect(try folder.files(below: "out") == before)
    }
    // A class that does not lead has nothing to flip: no counterpart, and none of the earlier one's files.
    let other = (record.target.fact.index + 1) % 4
    try await run(into: "other", methods: methods) {
      $0.target = try Target("#\(other)")
      $0.targetText = "#\(other)"
    }
    let names = try folder.files(below: "other/maps/a.png").keys.sorted()
    #expect(names == ["json", "npy", "overlay.png"].map { "flip-points.c\(other).\($0)" })
  }

  @Test func `a network that the file says is invertible is projected on its boundary`()
    async throws
  {
    try folder.write(try SmallNetworks.invertible().onnx(), to: "invertible.onnx")
    let methods = ["gradient", "invertible-projection"]
    let summary = try await run(
      into: "out", methods: methods, file: folder("invertible.onnx"), threads: 2
    ) {
      $0.audits = true
    }
    #expect(summary.finishedCount == 8 && summary.failures.isEmpty)
    let files = try folder.files(below: "out")
    let stem = "maps/a.png/invertible-projection"
    for suffix in ["counterpart.npy", "comparison.png", "changes.png", "changes.csv", "npy"] {
      #expect(files["\(stem).\(suffix)"] != nil, "\(suffix)")
    }
    let record = try JSONText.decode(MapRecord.self, from: try #require(files["\(stem).json"]))
    #expect(record.status == "complete")
    let values = record.diagnostics.values
    #expect(try #require(values["margin"]).magnitude < 1e-4)
    #expect(try #require(values["flipDistance"]) > 0)
    let words = DrawingWords(record)
    #expect(try #require(words.caption).hasPrefix("ties with #"))
    #expect(words.counterpart.contains("drawn clipped") == (try #require(values["outside"]) > 0))
    // Any other network has no such maps, and neither does a smoothed one.
    let other = try await run(into: "other", methods: methods)
    #expect(other.finishedCount == 4 && other.failures.count == 4)
    let smoothed = try await run(
      into: "smoothed", methods: ["invertible-projection"], file: folder("invertible.onnx")
    ) {
      $0.smoothing = try Smoothing(deviation: 0.1, samples: 2)
    }
    #expect(smoothed.finishedCount == 0 && smoothed.failures.count == 4)
    #expect(smoothed.failures[0].reason.contains("needs an invertible network"))
  }

  @Test func `ranked regions lie beside their map, as numbers, table and picture`() async throws {
    let methods = ["adversarial-explanation"]
    let settings = ["segmentation=grid", "regions=16"]
    try await run(into: "out", methods: methods, settings: settings)
    let stem = "maps/a.png/adversarial-explanation"
    let before = try folder.files(below: "out")
    let record = try JSONText.decode(MapRecord.self, from: try #require(before["\(stem).json"]))
    let ranking = try #require(record.ranking)
    #expect(ranking.rows.count == 16 && ranking.kept >= 5)
    #expect(ranking.columns == ["size", "frequency", "intensity", "weightedIntensity"])
    let table = String(decoding: try #require(before["\(stem).regions.csv"]), as: UTF8.self)
    #expect(table.hasPrefix("rank,kept,size,frequency,intensity,weightedIntensity\r\n1,yes,"))
    #expect(table.split(separator: "\r\n").count == 17)
    for (suffix, isDrawn) in [("kept.png", true), ("regions.csv", true), ("regions.npy", false)] {
      try FileManager.default.removeItem(atPath: folder("out/\(stem).\(suffix)"))
      let summary = try await run(into: "out", methods: methods, settings: settings)
      #expect(summary.redrawnCount == (isDrawn ? 1 : 0))
      #expect(summary.finishedCount == (isDrawn ? 0 : 1))
      #expect(try folder.files(below: "out") == before)
    }
    // Borders are drawn on request, over the same numbers.
    let summary = try await run(into: "out", methods: methods, settings: settings) {
      $0.rendering.contours = true
    }
    #expect(summary.redrawnCount == 4)
    let after = try folder.files(below: "out")
    #expect(after["\(stem).regions.npy"] == before["\(stem).regions.npy"])
    #expect(after["\(stem).kept.png"] != before["\(stem).kept.png"])
  }

  @Test func `a smoothed network is another one, and certificates say how far it holds`()
    async throws
  {
    let methods = ["gradient", "boundary-saliency"]
    func record(_ output: String, _ method: String) throws -> MapRecord {
      let files = try folder.files(below: output)
      return try JSONText.decode(
        MapRecord.self, from: try #require(files["maps/a.png/\(method).json"]))
    }
    try await run(into: "plain", methods: methods)
    let plain = try record("plain", "gradient")
    #expect(plain.request.smoothing == nil && plain.certificate == nil)
    for threads in [1, 2] {
      try await run(into: "out\(threads)", methods: methods, threads: threads) {
        $0.smoothing = try Smoothing(deviation: 0.1, samples: 8)
        $0.certification = try Certification(samples: 200)
      }
    }
    #expect(try folder.files(below: "out1/maps") == folder.files(below: "out2/maps"))
    let smoothed = try record("out1", "gradient")
    #expect(smoothed.key != plain.key && smoothed.map.numbers != plain.map.numbers)
    #expect(smoothed.request.smoothing == (try Smoothing(deviation: 0.1, samples: 8)))
    let certificate = try #require(smoothed.certificate)
    #expect(certificate.samples == 200 && certificate.radius <= certificate.largestRadius)
    #expect(certificate.bracket == nil)
    let saliency = try record("out1", "boundary-saliency")
    if let bracket = saliency.certificate?.bracket {
      #expect(bracket.lower <= bracket.upper ?? .infinity)
    } else {
      #expect(saliency.certificate?.abstains == true || saliency.counterpart == nil)
    }
    // Other copies, other numbers.
    let summary = try await run(into: "out1", methods: methods) {
      $0.smoothing = try Smoothing(deviation: 0.1, samples: 10)
    }
    #expect(summary.unchangedCount == 0)
  }

  @Test func `numbers that were written over are made again when they are drawn`() async throws {
    try await run(into: "out")
    let before = try folder.files(below: "out")
    let other = try #require(before["maps/c.png/gradient.npy"])
    try folder.write(other, to: "out/maps/a.png/gradient.npy")
    try FileManager.default.removeItem(atPath: folder("out/maps/a.png/gradient.overlay.png"))
    let summary = try await run(into: "out")
    #expect(summary.finishedCount == 1)
    #expect(try folder.files(below: "out") == before)
  }

  @Test func `drawing in other styles takes the stored numbers`() async throws {
    try await run(into: "out")
    let before = try folder.files(below: "out")
    let summary = try await run(into: "out") { options in
      options.rendering.styles = [.overlay, .map, .sideBySide]
      options.rendering.contours = true
    }
    #expect(summary.redrawnCount == 8 && summary.finishedCount == 0)
    let after = try folder.files(below: "out")
    for suffix in ["map.png", "side-by-side.png"] {
      #expect(after.keys.count { $0.hasSuffix(".\(suffix)") } == 8)
    }
    for (name, bytes) in after where name.hasSuffix(".npy") { #expect(before[name] == bytes) }
    #expect(try await run(into: "out").redrawnCount == 8)
    #expect(try folder.files(below: "out") == before)
  }

  @Test func `a folder's scale is the largest of its pictures' own by method`() async throws {
    try await run(into: "own")
    let own = try records(in: "own")
    for threads in [1, 3] {
      let summary = try await run(into: "shared-\(threads)", threads: threads) {
        $0.rendering.scale = .folder
      }
      #expect(summary.finishedCount == 8 && summary.failures.isEmpty)
    }
    #expect(try folder.files(below: "shared-1") == folder.files(below: "shared-3"))
    for method in ["gradient", "grad-cam"] {
      let largest = own.filter { $0.request.method.name == method }.map(\.drawing.scale).max()
      for record in try records(in: "shared-1") where record.request.method.name == method {
        #expect(record.drawing.scale == largest)
        #expect(record.drawn == [.overlay])
      }
    }
  }

  @Test func `a picture that comes later changes a folder's scale and draws the others anew`()
    async throws
  {
    let folderScale: (inout Job.Options) -> Void = { $0.rendering.scale = .folder }
    try await run(into: "out", inputs: ["in/a.png", "in/c.png"], options: folderScale)
    #expect(
      try await run(into: "out", inputs: ["in/a.png", "in/c.png"], options: folderScale)
        .unchangedCount == 4)
    let summary = try await run(into: "out", inputs: ["in/a.png", "in/c.png", "in/d.png"]) {
      $0.rendering.scale = .folder
    }
    #expect(summary.finishedCount == 2)
    #expect(summary.redrawnCount + summary.unchangedCount == 4)
    let scales = Set(
      try records(in: "out").filter { $0.request.method.name == "gradient" }.map(\.drawing.scale))
    #expect(scales.count == 1)
  }

  @Test func `maps that are estimates have their errors beside them`() async throws {
    let settings = ["samples=4"]
    try await run(into: "out", inputs: ["in/a.png"], methods: ["smoothgrad"], settings: settings)
    let name = "out/maps/a.png/smoothgrad.standard-error.npy"
    #expect(FileManager.default.fileExists(atPath: folder(name)))
    #expect(try records(in: "out").allSatisfy { $0.map.standardError != nil })
    try FileManager.default.removeItem(atPath: folder(name))
    let again = try await run(
      into: "out", inputs: ["in/a.png"], methods: ["smoothgrad"], settings: settings)
    #expect(again.finishedCount == 1)
  }

  @Test func `sheets of methods that are no longer asked for go`() async throws {
    try await run(into: "out")
    try folder.write("mine".utf8, to: "out/contact-sheets/notes.txt")
    try await run(into: "out", methods: ["gradient"])
    let names = try folder.files(below: "out").keys.filter { $0.hasPrefix("contact-sheets/") }
    #expect(names == ["contact-sheets/notes.txt"])
  }

  @Test func `a file that is cut is explained where that is allowed, and said to be cut`()
    async throws
  {
    let whole = try folder.files(below: "in")["a.png"] ?? Data()
    try folder.write(whole.dropLast(30), to: "cut/a.png")
    let refused = try await run(into: "out", inputs: ["cut"])
    #expect(refused.failures.first?.reason.contains("--allow-truncated") == true)
    let allowed = try await run(into: "out", inputs: ["cut"]) { $0.truncation = .allow }
    #expect(allowed.finishedCount == 2 && allowed.failures.isEmpty)
    #expect(allowed.notes == [.truncated: 1])
    #expect(try records(in: "out").allSatisfy { $0.input.notes == [.truncated] })
  }

  @Test func `the filter that scales pictures decides numbers`() async throws {
    var maps: Set<Data> = []
    for resize in ["squash:16", "squash:16:bicubic", "squash:16:lanczos"] {
      try await run(into: "out", inputs: ["in/a.png"], methods: ["gradient"], resize: resize)
      let npy = try folder.files(below: "out")["maps/a.png/gradient.npy"]
      maps.insert(try #require(npy))
      #expect(try records(in: "out").map(\.request.reading.resize.description) == [resize])
    }
    #expect(maps.count == 3)
  }

  @Test func `a method that asks for what the network has not is passed over among all`()
    async throws
  {
    let settings = ["layer=features"]
    let alone = try await run(into: "out", inputs: ["in/a.png"], settings: settings)
    #expect(alone.failures.map(\.kind) == [.unsuitable])
    let among = try await run(into: "out", inputs: ["in/a.png"], settings: settings) {
      $0.omitsUnsuitable = true
    }
    #expect(among.failures.isEmpty && among.unchangedCount == 1)
    #expect(among.omissions.map(\.method) == ["grad-cam"])
    #expect(among.omissions.first?.reason.contains("no layer of maps") == true)
  }

  private func records(in output: String) throws -> [MapRecord] {
    try folder.files(below: output)
      .filter { $0.key.hasPrefix("maps/") && $0.key.hasSuffix(".json") }
      .map { try JSONText.decode(MapRecord.self, from: $0.value) }
  }

  @Test func `changes of an option, a picture or the seed are made up for`() async throws {
    try await run(into: "out")
    #expect(try await run(into: "out") { $0.rendering.clip = 90 }.redrawnCount == 8)
    #expect(try await run(into: "out") { $0.seed = 1 }.finishedCount == 8)
    #expect(try await run(into: "out", settings: ["layer=active"]).finishedCount == 8)
    try folder.writePicture("in/a.png", seed: 9)
    let summary = try await run(into: "out", settings: ["layer=active"])
    #expect(summary.finishedCount == 2)
    #expect(summary.unchangedCount == 6)
  }

  @Test func `a picture that fails leaves the others alone`() async throws {
    try folder.write("no picture".utf8, to: "in/bad.jpg")
    try folder.write([], to: "in/empty.png")
    let summary = try await run(into: "out")
    #expect(summary.finishedCount == 8)
    #expect(summary.failures.map(\.path) == ["bad.jpg", "empty.png"])
    let table = try CSV.records(
      String(
        decoding: try #require(
          try folder.files(below: "out")["summary.csv"]), as: UTF8.self)
    ).map(\.fields)
    #expect(table.count == 1 + 8 + 2)
    #expect(table.filter { $0[3] == "failed" }.map(\.first) == ["bad.jpg", "empty.png"])
  }

  @Test func `several targets of a picture have files of their own`() async throws {
    let summary = try await run(into: "out", inputs: ["in/a.png"], methods: ["gradient"]) {
      $0.target = try Target("top:2")
      $0.targetText = "top:2"
    }
    #expect(summary.finishedCount == 2)
    let names = try folder.files(below: "out").keys.filter { $0.hasSuffix(".json") }
    #expect(
      Set(names)
        == ["run.json", "maps/a.png/gradient.top1.json", "maps/a.png/gradient.top2.json"])
  }

  @Test func `the sidecar tells what was asked and what was found`() async throws {
    try await run(into: "out", inputs: ["in/a.png"], methods: ["gradient"]) {
      $0.target = try Target("ruby::azure")
      $0.targetText = "ruby::azure"
      $0.seed = 5
    }
    let bytes = try #require(
      try folder.files(below: "out")["maps/a.png/gradient.c0-vs-c2.json"])
    let record = try JSONText.decode(MapRecord.self, from: bytes)
    #expect(record.schema == "tidemark.map/1")
    #expect(record.target.fact == ClassRecord(index: 0, name: "red, ruby"))
    #expect(record.target.foil == ClassRecord(index: 2, name: "blue, azure"))
    #expect(record.map.shape == [3, 16, 16])
    #expect(record.prediction.count == 4)
    #expect(record.prediction.reduce(0) { $0 + $1.probability } > 0.9999)
    #expect(record.drawing.scale > 0)
    #expect(record.request.seed == 5)
    let overlay = folder("out/maps/a.png/gradient.c0-vs-c2.overlay.png")
    let text = try #require(PictureFile.ownText(of: overlay))
    let carried = try JSONText.decode(PictureText.self, from: Data(text.utf8))
    #expect(carried.key == record.key)
    #expect(carried.request == record.request)
    #expect(carried.path == "a.png" && carried.seed == record.seed)
    #expect(carried.target == record.target && carried.drawing == record.drawing)
    #expect(carried.rendering == record.rendering && carried.style == "overlay")
  }

  @Test func `what is written names no folder of this machine and no time`() async throws {
    try await run(into: "out")
    for (name, bytes) in try folder.files(below: "out") where name != "run.json" {
      #expect(bytes.range(of: Data(folder.path.utf8)) == nil, "\(name)")
    }
  }

  @Test func `a run without pictures says so`() async throws {
    try folder.write("text".utf8, to: "none/readme.txt")
    await #expect(throws: JobError.self) { try await run(into: "out", inputs: ["none"]) }
  }

  @Test func `a layer that the network does not have is refused before the run`() async throws {
    await #expect(throws: JobError.self) {
      try await run(into: "out", settings: ["layer=conv9"])
    }
  }

  @Test(arguments: Engine.available)
  func `both engines run a job`(_ engine: Engine) async throws {
    let summary = try await run(into: "out-\(engine.rawValue)") { $0.engine = engine }
    #expect(summary.finishedCount == 8)
  }
}
