import Foundation
import Imaging
import Kernels
import Networks
import Tensors
import Testing

@Suite struct PreprocessingTests {
  /// A network whose scores are the mean of each channel.
  func means(channels: Int, input: LayerName = "data") throws -> Network {
    try Network(
      input: input, inputShape: [channels, 1, 2],
      nodes: [
        .init("mean", GlobalAveragePool(), of: [input]),
        .init("scores", Reshape(item: [channels]), of: ["mean"]),
      ], logits: "scores")
  }

  /// What the network's channels see of one colour.
  func channels(_ preprocessing: Preprocessing, of color: [Float]) throws -> [Float] {
    let network = try means(channels: color.count).reading(preprocessing)
    let pixels = Tensor(color.flatMap { [$0, $0] }, shape: [1, color.count, 1, 2])
    return CompiledNetwork(network, engine: .portable).logits(for: pixels).scalars
  }

  func expect(_ found: [Float], _ expected: [Float]) {
    // Two roundings of Float at the size of the mean.
    let tolerance = 1e-6 * max(1, expected.map(\.magnitude).max() ?? 0)
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= tolerance }, "\(found) \(expected)")
  }

  @Test func `presets do their arithmetic in the order of the network's channels`() throws {
    expect(
      try channels(.imagenet, of: [1, 0.5, 0]),
      [(1 - 0.485) / 0.229, (0.5 - 0.456) / 0.224, -0.406 / 0.225])
    expect(try channels(.caffe, of: [1, 0.5, 0]), [-104, 127.5 - 117, 255 - 123])
    expect(try channels(.tf, of: [1, 0.5, 0]), [1, 0, -1])
    expect(try channels(.raw, of: [1, 0.5, 0]), [1, 0.5, 0])
    expect(try channels(.raw, of: [0.25]), [0.25])
    expect(try channels(try Preprocessing(order: .gray, scale: 255), of: [0.2]), [51])
  }

  @Test func `the network's new input is called pixels, and the layer like the old one`() throws {
    let network = try means(channels: 3).reading(.caffe)
    #expect(network.input == "pixels")
    #expect(network.nodes.map(\.name) == ["data", "mean", "scores"])
    #expect(network.nodes[0].inputs == ["pixels"])
    #expect(try means(channels: 3, input: "pixels").reading(.caffe).input == "pixels'")
  }

  @Test func `pixels as they are add nothing`() throws {
    #expect(try means(channels: 3).reading(.raw).nodes.count == 2)
    #expect(try means(channels: 1).reading(.raw).input == "data")
  }

  @Test func `channels that do not fit are refused`() throws {
    let gray = try #require(throws: NetworkError.self) { try means(channels: 1).reading(.imagenet) }
    #expect(gray.description.contains("takes 1 channel, but the preprocessing is for 'rgb'"))
    let order = try Preprocessing(order: .gray, scale: 255)
    #expect(throws: NetworkError.self) { try means(channels: 3).reading(order) }
    #expect(throws: NetworkError.self) { try means(channels: 4).reading(.raw) }
  }

  @Test func `presets have names`() {
    #expect(Preprocessing.presets.map(\.name) == ["imagenet", "caffe", "tf", "raw"])
    #expect(Preprocessing(preset: "caffe") == .caffe)
    #expect(Preprocessing(preset: "Caffe") == nil)
  }

  func decoded(_ json: String) throws -> Preprocessing {
    try JSONDecoder().decode(Preprocessing.self, from: Data(json.utf8))
  }

  @Test func `JSON fills in what it leaves out`() throws {
    #expect(try decoded("{}") == .raw)
    let full = try decoded(
      """
      {"order": "bgr", "scale": 255, "mean": [104, 117, 123], "std": [2],
       "resize": "crop:256:224"}
      """)
    #expect(
      try full
        == Preprocessing(
          order: .bgr, scale: 255, mean: [104, 117, 123], std: [2],
          resize: .crop(short: 256, size: PixelSize(side: 224))))
    #expect(try JSONDecoder().decode(Preprocessing.self, from: JSONEncoder().encode(full)) == full)
  }

  @Test(arguments: [
    (#"{"means": [0]}"#, "'means' means nothing here; there are order, scale, mean, std, resize"),
    (#"{"mean": [0, 1]}"#, "mean has 2 values; order 'rgb' takes 3"),
    (#"{"order": "gray", "std": [1, 1, 1]}"#, "std has 3 values; order 'gray' takes 1"),
    (#"{"std": [0]}"#, "std [0.0] would divide by 0"),
    (#"{"scale": 0}"#, "a scale of 0.0 is not possible"),
    (#"{"order": "hsv"}"#, "hsv"), (#"{"resize": "stretch:9"}"#, "'stretch:9' is no geometry"),
  ])
  func `JSON that makes no sense is refused with the reason`(json: String, says: String) {
    let error = #expect(throws: DecodingError.self) { try decoded(json) }
    #expect("\(error as Any)".contains(says), "\(error as Any)")
  }
}
