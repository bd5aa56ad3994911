import Foundation
import ImageCodecs
import Imaging
import Testing

/// Runs `tidemark train` as its users do.
struct TrainCommandTests {
  private let program: BuiltProgram
  private var folder: URL { program.folder }

  init() throws {
    program = try BuiltProgram()
    for (label, name) in ["dark", "light"].enumerated() {
      let place = program.folder.appending(path: "in/\(name)")
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      for number in 0..<20 {
        let value = UInt8(40 + 120 * label + 3 * number)
        let picture = Bitmap(
          size: PixelSize(width: 12, height: 10), layout: .rgb, filledWith: [value, value, 90])
        try Data(try PNGCodec.encode(picture)).write(
          to: place.appending(component: "\(number).png"))
      }
    }
  }

  private func tidemark(_ arguments: [String]) throws -> Int32 {
    try program.run(arguments).code
  }

  private func train(_ options: [String], epochs: Int = 3, out: String = "net.onnx") -> [String] {
    [
      "train", "in", "--size", "16", "--width", "4", "--depth", "2", "--batch", "8", "--threads",
      "1", "--epochs", "\(epochs)", "--out", out,
    ] + options
  }

  @Test func `a trained model explains pictures without being told about`() throws {
    #expect(try tidemark(train(["--validation", "8"])) == 0)
    let output = try program.text("output.txt")
    #expect(output.hasPrefix("net.onnx: accuracy ") && output.contains("8 pictures"), "\(output)")
    #expect(try program.text("net.training/history.jsonl").split(separator: "\n").count == 3)
    #expect(try program.text("net.training/split.csv").split(separator: "\r\n").count == 41)
    for name in ["learning-curve.png", "confusion-matrix.png"] {
      let file = folder.appending(path: "net.training/\(name)")
      #expect(try ImageCodecs.decode([UInt8](Data(contentsOf: file))).bitmap.width > 300)
    }
    #expect(
      !FileManager.default.fileExists(
        atPath: folder.appending(path: "net.training/checkpoint.safetensors").path))
    #expect(
      try tidemark([
        "render", "in/dark", "--model", "net.onnx", "--method", "gradient", "--target", "light",
        "--out", "maps",
      ]) == 0)
    #expect(try program.text("errors.txt").contains("preprocessing from the model"))
  }

  @Test func `an invertible network is trained, told of, and trained further`() throws {
    let invertible = ["--architecture", "invertible", "--validation", "8"]
    #expect(try tidemark(train(invertible)) == 0)
    #expect(try tidemark(["inspect", "net.onnx"]) == 0)
    let output = try program.text("output.txt")
    // Pixels and colours; two stages of 1 and 2 couplings with a squeeze, a mixing and a scaling each.
    #expect(output.contains("invertible  11 blocks: "), "\(output)")
    #expect(output.contains("3 additive-coupling"), "\(output)")
    #expect(output.contains("features    48x4x4"), "\(output)")
    #expect(try tidemark(["inspect", "net.onnx", "--json"]) == 0)
    #expect(try program.text("output.txt").contains("\"reconstructionError\""))
    #expect(
      try tidemark([
        "train", "in", "--init", "net.onnx", "--epochs", "1", "--batch", "8", "--validation", "8",
        "--activations", "stored", "--out", "more.onnx",
      ]) == 0)
    #expect(try tidemark(["inspect", "more.onnx"]) == 0)
    #expect(try program.text("output.txt").contains("invertible  11 blocks: "))
    let bounded = ["--likelihood", "1", "--coupling-bound", "1", "--noise", "0.1"]
    #expect(try tidemark(train(invertible + bounded)) == 0)
    #expect(try tidemark(["inspect", "net.onnx"]) == 0)
    #expect(try program.text("output.txt").contains("invertible  11 blocks: "))
    #expect(try tidemark(train(["--activations", "stored"])) == 64)
    #expect(try program.text("errors.txt").contains("--activations"))
  }

  @Test func `a training that was killed goes on in the same bits`() throws {
    let options = ["--augment", "crop,mixup", "--average", "0.9"]
    #expect(try tidemark(train(options, epochs: 60, out: "straight.onnx")) == 0)
    let first = try program.process(train(options, epochs: 60))
    try first.run()
    let history = folder.appending(path: "net.training/history.jsonl").path
    while first.isRunning && !FileManager.default.fileExists(atPath: history) { usleep(1000) }
    first.terminate()
    first.waitUntilExit()
    #expect(first.terminationStatus == 143)
    #expect(try program.text("errors.txt").contains("--resume"))
    #expect(try tidemark(train(options + ["--batch", "4", "--resume"], epochs: 60)) == 64)
    #expect(try tidemark(train(options + ["--resume"], epochs: 60)) == 0)
    #expect(
      try Data(contentsOf: folder.appending(component: "net.onnx"))
        == Data(contentsOf: folder.appending(component: "straight.onnx")))
  }

  @Test func `bad pictures are named and passed over, or end it`() throws {
    try Data("no picture".utf8).write(to: folder.appending(path: "in/dark/bad.png"))
    #expect(try tidemark(train([])) == 0)
    #expect(try program.text("errors.txt").contains("tidemark: failed: dark/bad.png: "))
    #expect(try tidemark(train(["--strict"])) == 3)
  }

  @Test(
    arguments: [
      (["--out", "net"], 64, "--out: expected a file ending in .onnx"),
      (["--validation", "x"], 64, "--validation: expected a share"),
      (["--validation", "40"], 64, "--validation: expected fewer than the 40 pictures"),
      (["--size", "4"], 64, "--size: expected 8 to 1024, found 4"),
      (["--size", "16", "--resize", "squash:20"], 64, "ask for different sizes"),
      (["--rate", "0"], 64, "--rate: expected a number above 0"),
      (["--augment", "turn"], 64, "--augment: there is no 'turn'"),
      (["--adversarial", "l1:2"], 64, "--adversarial: expected l2:E"),
      (["--likelihood", "0"], 64, "--likelihood: expected a number above 0"),
      (["--likelihood", "1"], 64, "--likelihood is about invertible networks"),
      (["--coupling-bound", "-1"], 64, "--coupling-bound"),
      (["--coupling-bound", "1"], 64, "--coupling-bound is about invertible networks"),
      (["--class-weights", "1,2,3"], 64, "--class-weights: expected 2"),
      (["--freeze", "conv1"], 64, "--freeze and --preprocess are about the network of --init"),
      (["--resume"], 64, "there is no checkpoint to go on from"),
      (["--labels", "in/none.txt"], 64, "--labels: 'in/none.txt' cannot be read"),
      (["--memory", "much"], 64, "--memory: expected a size"),
    ] as [([String], Int32, String)])
  func `wrong options are refused by name`(
    options: [String], code: Int32, words: String
  ) throws {
    // A later value of an option counts, so these are those of the test.
    #expect(try tidemark(["train", "in", "--out", "net.onnx"] + options) == code)
    let errors = try program.text("errors.txt")
    #expect(errors.contains(words), "\(errors)")
  }
}
