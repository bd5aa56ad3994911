import Foundation
import ImageCodecs
import Imaging
import Testing

/// Runs the built program as its users do.
struct CommandLineTests {
  private let program: BuiltProgram
  private var folder: URL { program.folder }

  init() throws {
    program = try BuiltProgram()
    let pictures = program.folder.appending(component: "in")
    try FileManager.default.createDirectory(at: pictures, withIntermediateDirectories: true)
    for (index, name) in ["a.png", "b.png"].enumerated() {
      let picture = Bitmap(
        size: PixelSize(width: 20, height: 18), layout: .rgb,
        filledWith: [200, UInt8(60 + 90 * index), 40])
      try Data(try PNGCodec.encode(picture)).write(to: pictures.appending(component: name))
    }
  }

  private static let model = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "JobsTests/Golden/tiny.onnx").path

  private func tidemark(_ arguments: String...) throws -> BuiltProgram.Result {
    try program.run(arguments)
  }

  @Test func `a job that succeeds ends with 0 and one line that says where to look`() throws {
    let result = try tidemark(
      "render", "in", "--model", Self.model, "--preprocess", "raw", "--method", "gradient,grad-cam",
      "--out", "out")
    #expect(result.code == 0)
    #expect(
      result.output == "4 maps of 2 pictures; look at out/contact-sheet.png\n", "\(result.errors)")
    #expect(
      FileManager.default.fileExists(
        atPath: folder.appending(path: "out/maps/a.png/grad-cam.overlay.png").path))
  }

  @Test func `bad files are listed, the others are explained, and the code is 2`() throws {
    let good = try Data(contentsOf: folder.appending(path: "in/a.png"))
    func add(_ name: String, _ data: Data) throws {
      try data.write(to: folder.appending(path: "in/\(name)"))
    }
    try add("cut.png", good.prefix(good.count * 2 / 3))
    try add("text.jpg", Data("no picture".utf8))
    try add("empty.png", Data())
    try add("film.gif", Data("GIF89a".utf8))
    // A header that announces 50000 x 50000 pixels, and nothing after it.
    let header: [UInt8] =
      [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]
      + [0, 0, 0xC3, 0x50, 0, 0, 0xC3, 0x50, 8, 2, 0, 0, 0, 0x3B, 0x9C, 0x5F, 0xD1]
    try add("huge.png", Data(header))
    try FileManager.default.createDirectory(
      at: folder.appending(path: "in/folder.png"), withIntermediateDirectories: true)
    try add("locked.png", good)
    let isRoot = geteuid() == 0
    if !isRoot {
      try FileManager.default.setAttributes(
        [.posixPermissions: 0], ofItemAtPath: folder.appending(path: "in/locked.png").path)
    }
    let result = try tidemark(
      "render", "in", "--model", Self.model, "--preprocess", "raw", "--method", "gradient",
      "--out", "out")
    #expect(result.code == 2)
    let listed = result.errors.split(separator: "\n").filter {
      $0.hasPrefix("tidemark: failed: ")
    }
    let bad = ["cut.png", "empty.png", "film.gif", "huge.png"] + (isRoot ? [] : ["locked.png"])
    #expect(listed.count == bad.count + 1)
    for (line, name) in zip(listed, bad + ["text.jpg"]) {
      #expect(line.hasPrefix("tidemark: failed: \(name): "), "\(line)")
    }
    let done = isRoot ? 3 : 2
    #expect(result.output.hasPrefix("\(done) maps of \(done + listed.count) pictures, "))
  }

  @Test func `with a JSON log every line of standard error is an object`() throws {
    try Data("x".utf8).write(to: folder.appending(path: "in/bad.png"))
    let result = try tidemark(
      "render", "in", "--model", Self.model, "--preprocess", "raw", "--method", "gradient",
      "--out", "out", "--log", "json")
    #expect(result.code == 2)
    let events = try result.errors.split(separator: "\n").map { line in
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      return try #require(object?["event"] as? String)
    }
    for event in ["begin", "finished", "failed", "progress", "end"] {
      #expect(events.contains(event), "\(event)")
    }
    let wrong = try tidemark(
      "render", "in", "--model", Self.model, "--preprocess", "raw", "--method", "gradien",
      "--out", "out", "--log", "json")
    #expect(wrong.code == 64)
    #expect(wrong.errors.hasPrefix("{\"event\":\"error\""))
  }

  @Test func `names of files command no terminal`() throws {
    try Data("x".utf8).write(to: folder.appending(path: "in/\u{1B}[2J\n.png"))
    let result = try tidemark(
      "render", "in", "--model", Self.model, "--preprocess", "raw", "--method", "gradient",
      "--out", "out")
    #expect(result.code == 2)
    #expect(result.errors.contains("tidemark: failed: \\u{1B}[2J\\n.png: "), "\(result.errors)")
  }

  @Test func `names of methods may have spaces around them`() throws {
    let result = try tidemark(
      "render", "in", "--model", Self.model, "--preprocess", "raw", "--method",
      "gradient, grad-cam", "--out", "out")
    #expect(result.code == 0)
    #expect(result.output.hasPrefix("4 maps of 2 pictures"))
  }

  struct Usage: Sendable, CustomTestStringConvertible {
    let arguments: [String]
    let hint: String
    var testDescription: String { hint }
  }

  @Test(arguments: [
    Usage(arguments: ["--method", "grad-cma"], hint: "did you mean grad-cam"),
    Usage(arguments: ["--method", "gradient", "--target", "gren"], hint: "did you mean 'green'"),
    Usage(arguments: ["--method", "gradient", "--set", "steps=2"], hint: "no chosen method has"),
    Usage(arguments: ["--method", "gradient", "--colormap", "turbi"], hint: "did you mean turbo"),
    Usage(arguments: ["--method", "gradient", "--opacity", "2"], hint: "expected 0 to 1, found 2"),
    Usage(arguments: ["--method", "gradient", "--resize", "squash:16:cubic"], hint: "bicubic"),
    Usage(arguments: ["--method", "gradient", "--scale", "fixed:1:0"], hint: "found 'fixed:1:0'"),
    Usage(arguments: ["--method", "gradient", "--style", "figur"], hint: "did you mean figure"),
    Usage(arguments: ["--method", "gradient", "--enlarge", "big"], hint: "smooth"),
    Usage(arguments: ["--method", "gradient", "--memory", "lots"], hint: "such as 2G"),
    Usage(arguments: ["--method", "gradient", "--memory", "1M"], hint: "allow more"),
    Usage(arguments: ["--method", "gradient", "--resize", "squash:9"], hint: "squash:16"),
    Usage(arguments: ["--method", "gradient", "--colour", "x"], hint: "--colour"),
    Usage(arguments: ["--method", "gradient", "--preprocess", "rav"], hint: "did you mean raw"),
    Usage(arguments: ["--method", "gradient", "--out", ""], hint: "--out: expected a folder"),
    Usage(arguments: [], hint: "--method is missing"),
  ])
  func `wrong usage ends with 64, a reason and no output`(_ usage: Usage) throws {
    let process = try render(usage.arguments)
    #expect(process.code == 64)
    #expect(process.output.isEmpty)
    #expect(process.errors.contains("tidemark: error: "))
    #expect(process.errors.contains(usage.hint), "\(process.errors)")
  }

  private func render(_ arguments: [String]) throws -> BuiltProgram.Result {
    let all =
      ["render", "in", "--model", Self.model, "--preprocess", "raw", "--out", "out"] + arguments
    return try program.run(all)
  }

  @Test func `unknown preprocessing ends with 64 and tells the presets`() throws {
    let result = try tidemark(
      "render", "in", "--model", Self.model, "--method", "gradient", "--out", "out")
    #expect(result.code == 64)
    #expect(result.errors.contains("imagenet  RGB"))
  }

  @Test func `where nothing can be done the code is 3`() throws {
    let common = ["--preprocess", "raw", "--method", "gradient"]
    let noModel = try program.run(
      ["render", "in", "--model", "none.onnx", "--out", "out"] + common)
    #expect(noModel.code == 3)
    let noInput = try program.run(
      ["render", "none", "--model", Self.model, "--out", "out"] + common)
    #expect(noInput.code == 3)
    try Data("x".utf8).write(to: folder.appending(path: "in/only.png"))
    let allBad = try program.run(
      ["render", "in/only.png", "--model", Self.model, "--out", "out"] + common)
    #expect(allBad.code == 3)
    let noOutput = try program.run(
      ["render", "in", "--model", Self.model, "--out", "in/a.png"] + common)
    #expect(noOutput.code == 3)
    for result in [noModel, noInput, noOutput] {
      #expect(result.errors.contains("tidemark: error: "))
    }
  }

  @Test func `methods lists names, and tells options of one`() throws {
    let list = try tidemark("methods")
    #expect(list.code == 0)
    #expect(list.output.contains("grad-cam "))
    let one = try tidemark("methods", "integrated-gradients")
    #expect(one.output.contains("steps = "))
    #expect(try tidemark("methods", "integrated").code == 64)
  }

  @Test func `inspect tells shapes, as text and as JSON`() throws {
    let text = try tidemark("inspect", Self.model)
    #expect(text.code == 0)
    #expect(text.output.contains("3x16x16"))
    let json = try tidemark("inspect", Self.model, "--json")
    let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
    #expect((object as? [String: Any])?["classes"] as? Int == 4)
    #expect(try tidemark("inspect", "none.onnx").code == 3)
  }

  @Test func `version and help end with 0`() throws {
    #expect(try tidemark("--version").output.hasPrefix("tidemark "))
    for command in [
      ["--help"], ["render", "--help"], ["methods", "--help"], ["inspect", "--help"],
    ] {
      let result = try program.run(command)
      #expect(result.code == 0)
      #expect(result.output.contains("Examples:"))
    }
  }

  // MARK: - Samples

  @Test func `samples are explained without their masks`() throws {
    let drawn = try tidemark("samples", "--out", "world", "--count", "3", "--size", "32")
    #expect(drawn.code == 0)
    #expect(
      drawn.output
        == "3 pictures; look at world/pictures, and at world/annotations.json for what they show\n")
    #expect(drawn.errors.isEmpty)
    let rendered = try tidemark(
      "render", "world", "--model", Self.model, "--preprocess", "raw", "--method", "gradient",
      "--out", "out")
    #expect(rendered.code == 0)
    #expect(rendered.output.hasPrefix("3 maps of 3 pictures"))
    #expect(rendered.errors.contains("pictures made by tidemark are passed over: 3"))
    let again = try tidemark("samples", "--out", "world", "--count", "3")
    #expect(again.code == 3)
    #expect(again.errors.contains("not empty"))
  }

  @Test(arguments: [
    ["--count", "0"], ["--count", "1000001"], ["--count", "many"], ["--count", "-1"],
    ["--count", "1", "--size", "31"], ["--count", "1", "--size", "1025"],
    ["--count", "1", "--shortcut", "1.5"], ["--count", "1", "--shortcut", "nan"],
    ["--count", "1", "--seed", "-1"], ["--count", "1", "--threads", "0"], [],
  ])
  func `samples that cannot be drawn are refused before anything is made`(_ options: [String])
    throws
  {
    let result = try program.run(["samples", "--out", "world"] + options)
    #expect(result.code == 64)
    #expect(result.errors.contains(options.isEmpty ? "--count" : options[options.count - 2]))
    #expect(!FileManager.default.fileExists(atPath: folder.appending(component: "world").path))
  }
}
