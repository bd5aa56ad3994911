import Foundation
import Testing

/// Networks that come with the program are found wherever it lies.
struct SampleModelTests {
  private let program: BuiltProgram
  private let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  init() throws { program = try BuiltProgram() }

  private func render(
    by location: URL = BuiltProgram.location, model: [String] = []
  ) throws -> BuiltProgram.Result {
    try program.run(
      [
        "render", root.appending(path: "SampleImages/pictures/duck").path, "--method", "gradient",
        "--out", "out", "--force",
      ] + model, program: location)
  }

  private func copy(_ file: URL, to path: String) throws -> URL {
    let target = program.folder.appending(path: path)
    try FileManager.default.createDirectory(
      at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: file, to: target)
    return target
  }

  @Test func `pictures are explained without a model being named`() throws {
    let result = try render()
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.hasPrefix("5 maps of 5 pictures"))
    #expect(result.errors.contains("sample:plain knows crate, die, doughnut"), "\(result.errors)")
    #expect(try program.run(["inspect", "sample:plain"]).output.contains("conv1"))
  }

  @Test func `the other network is invertible`() throws {
    let told = try program.run(["inspect", "sample:invertible"])
    #expect(told.code == 0, "\(told.errors)")
    #expect(told.output.contains("invertible  17 blocks: "), "\(told.output)")
    #expect(told.output.contains("features    192x8x8"), "\(told.output)")
    #expect(!told.output.contains("note:"), "\(told.output)")
    let result = try render(model: ["--model", "sample:invertible"])
    #expect(result.code == 0, "\(result.errors)")
    let file = root.appending(path: "Sources/tidemark/SampleModels/invertible.onnx")
    let size = try Data(contentsOf: file).count
    #expect(size < 2_000_000)
  }

  @Test func `a program that was moved with its resources finds them`() throws {
    let bundle = BuiltProgram.location.deletingLastPathComponent()
      .appending(component: "tidemark_tidemark.resources")
    _ = try copy(bundle, to: "elsewhere/tidemark_tidemark.resources")
    let moved = try copy(BuiltProgram.location, to: "elsewhere/tidemark")
    #expect(try render(by: moved).code == 0)
    // Called through a link, too.
    let link = program.folder.appending(component: "link")
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: moved)
    #expect(try render(by: link).code == 0)
  }

  @Test func `an installed program finds them in the share folder`() throws {
    let prefix = program.folder.appending(path: "a prefix")
    let result = try program.run(
      [
        root.appending(path: "Scripts/install").path, prefix.path,
        BuiltProgram.location.deletingLastPathComponent().path,
      ], program: URL(filePath: "/bin/bash"))
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.hasPrefix("installed: tidemark "))
    let explained = try render(by: prefix.appending(path: "bin/tidemark"))
    #expect(explained.code == 0, "\(explained.errors)")
  }

  @Test func `a program that was moved alone says what is missing`() throws {
    let result = try render(by: try copy(BuiltProgram.location, to: "alone/tidemark"))
    #expect(result.code == 3)
    #expect(result.errors.contains("the networks that come with tidemark are missing; looked in"))
    #expect(result.errors.contains("Scripts/install"))
  }

  @Test func `a name that does not exist is refused with those that do`() throws {
    for name in ["sample:plane", "sample:", "sample:../SampleModels/plain"] {
      let result = try render(model: ["--model", name])
      #expect(result.code == 64)
      #expect(
        result.errors.contains("there is no '\(name)'; there is sample:invertible and sample:plain")
      )
    }
  }
}
