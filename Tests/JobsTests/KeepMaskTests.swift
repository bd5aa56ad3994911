import Explanations
import Foundation
import ImageCodecs
import Imaging
import Networks
import Tensors
import TestSupport
import Testing

@testable import Jobs

/// Runs in which parts of the pictures must stay as they are.
struct KeepMaskTests {
  let folder: TemporaryFolder
  private static let map = "maps/a.png/flip-points.npy"

  init() throws {
    folder = try TemporaryFolder()
    try folder.writePicture("in/a.png", seed: 0)
    try folder.writePicture("in/b.png", seed: 1)
    try writeMask("left.png")
  }

  /// White in its left half.
  private func writeMask(
    _ name: String, size: PixelSize = PixelSize(width: 24, height: 20)
  ) throws {
    var mask = Bitmap(size: size, layout: .gray, filledWith: [0])
    for y in 0..<size.height { for x in 0..<size.width / 2 { mask[x, y, 0] = 255 } }
    try folder.write(try PNGCodec.encode(mask), to: name)
  }

  private func run(keeping mask: String?) async throws -> RunSummary {
    let golden = try #require(Bundle.module.url(forResource: "Golden", withExtension: nil))
    let model = try OpenedModel(
      golden.appending(component: "tiny.onnx").path, preprocess: "raw", resize: nil, labels: nil)
    var options = Job.Options()
    options.keep = try mask.map { try KeepMask(folder($0)) }
    let job = try Job(
      inputs: [folder("in")], output: folder("out"), model: model,
      methods: try MethodSelection.methods(named: ["flip-points"], settings: []), options: options)
    return try await JobRunner(job, into: ArtifactStore(folder: folder("out")), threads: 1).run()
  }

  private func change() throws -> Tensor {
    try NPY.tensor(from: Array(try #require(try folder.files(below: "out")[Self.map])))
  }

  @Test func `nothing changes where a mask is white`() async throws {
    _ = try await run(keeping: nil)
    let free = try change()
    let summary = try await run(keeping: "left.png")
    #expect(summary.failures.isEmpty && summary.finishedCount == 2)
    let kept = try change()
    #expect(kept != free)
    let (channels, height, width) = (kept.shape[0], kept.shape[1], kept.shape[2])
    for channel in 0..<channels {
      for y in 0..<height {
        for x in 0..<width / 2 { #expect(kept[(channel * height + y) * width + x] == 0) }
      }
    }
    #expect(kept.largestMagnitude > 0)
    // Without the mask again, or with another one, all is made anew.
    _ = try await run(keeping: nil)
    #expect(try change() == free)
  }

  @Test func `a folder has a mask for each picture, and one without fails alone`() async throws {
    try writeMask("masks/a.png")
    let summary = try await run(keeping: "masks")
    #expect(summary.finishedCount == 1)
    #expect(summary.failures.map(\.path) == ["b.png"])
    #expect(summary.failures.first?.reason.contains("no mask") == true)
  }

  @Test func `a mask that does not fit fails with both sizes, and one that is none with why`()
    async throws
  {
    try writeMask("small.png", size: PixelSize(width: 9, height: 20))
    let reason = try #require(try await run(keeping: "small.png").failures.first?.reason)
    #expect(reason.contains("9x20") && reason.contains("24x20"))
    try folder.write(Array("no picture".utf8), to: "text.png")
    #expect(try await run(keeping: "text.png").failures.count == 2)
    await #expect(throws: JobError.self) { try await run(keeping: "nowhere.png") }
  }
}
