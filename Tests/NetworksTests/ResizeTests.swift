import Kernels
import Networks
import Tensors
import TestSupport
import Testing

/// Resizing and padding by what the input holds, against values worked out by hand, and what is read
/// of them.
struct ResizeTests {
  /// What a layer makes of one row.
  static func row(_ layer: any Layer, of values: [Float]) throws -> [Float] {
    let shape: Shape = [1, 1, values.count]
    let network = CompiledNetwork(try SmallNetworks.around(layer, input: shape))
    return network.logits(for: Tensor(values, shape: [1, 1, 1, values.count])).scalars
  }

  static func resized(
    _ values: [Float], to outputs: Int, length: Double? = nil,
    by interpolation: Resize.Interpolation,
    _ coordinates: Resize.Coordinates = .halfPixel, smoothly: Bool = false
  ) throws -> [Float] {
    try row(
      Resize(
        [.init(3, outputs: outputs, length: length)], interpolation: interpolation,
        coordinates: coordinates, isSmoothing: smoothly), of: values)
  }

  @Test func `linear resizing follows its coordinates`() throws {
    let values: [Float] = [0, 4, 8]
    #expect(try Self.resized(values, to: 6, by: .linear) == [0, 1, 3, 5, 7, 8])
    #expect(try Self.resized(values, to: 5, by: .linear, .alignedCorners) == [0, 2, 4, 6, 8])
    #expect(try Self.resized(values, to: 6, by: .linear, .asymmetric) == [0, 2, 4, 6, 8, 8])
    #expect(try Self.resized(values, to: 1, by: .linear) == [4])
    #expect(try Self.resized(values, to: 1, by: .linear, .halfPixelUnlessSingle) == [0])
    // Of 1.5 elements, one is there: its centre is that of the picture, or a third from its left.
    #expect(try Self.resized(values, to: 1, length: 1.5, by: .linear, .centeredHalfPixel) == [4])
    #expect(try Self.resized(values, to: 1, length: 1.5, by: .linear) == [2])
  }

  @Test func `the nearest element is rounded as asked`() throws {
    let values: [Float] = [0, 1, 2]
    // Outputs lie at 0, ½, 1, 1½, 2, 2½.
    func found(_ rounding: Resize.Rounding) throws -> [Float] {
      try Self.resized(values, to: 6, by: .nearest(rounding), .asymmetric)
    }
    #expect(try found(.down) == [0, 0, 1, 1, 2, 2])
    #expect(try found(.up) == [0, 1, 1, 2, 2, 2])
    #expect(try found(.halvesDown) == [0, 0, 1, 1, 2, 2])
    #expect(try found(.halvesUp) == [0, 1, 1, 2, 2, 2])
    // ¼ and ¾ from element to element: no halves.
    #expect(
      try Self.resized(values, to: 6, by: .nearest(.halvesDown)) == [0, 0, 1, 1, 2, 2])
  }

  @Test func `shrinking smoothly counts every element`() throws {
    // Four elements weigh 1/8 3/8 3/8 1/8 round ½ and 2½; the ends stand for what is beyond.
    let values: [Float] = [8, 8, 0, 0]
    #expect(try Self.resized(values, to: 2, by: .linear, smoothly: true) == [7, 1])
    #expect(try Self.resized(values, to: 2, by: .linear) == [8, 0])
  }

  @Test func `cubic convolution keeps lines straight away from the ends`() throws {
    let found = try Self.resized([0, 8, 16, 24, 32], to: 10, by: .cubic(-0.5))
    #expect(Array(found[3...6]) == [10, 14, 18, 22])
  }

  @Test func `what lies outside a region's input has the value asked for`() throws {
    let layer = Resize(
      [.init(3, outputs: 5, start: -0.5, end: 1.5)], interpolation: .linear,
      coordinates: .region(outside: 7))
    #expect(try Self.row(layer, of: [1, 2, 3]) == [7, 1, 2, 3, 7])
  }

  @Test func `padding takes its border from what is left of the input`() throws {
    func padded(_ border: Pad.Border, _ before: Int, _ after: Int) throws -> [Float] {
      try Self.row(
        Pad(before: [0, 0, 0, before], after: [0, 0, 0, after], border: border), of: [1, 2, 3, 4])
    }
    #expect(try padded(.reflection, 2, 3) == [3, 2, 1, 2, 3, 4, 3, 2, 1])
    #expect(try padded(.reflection, 4, -1) == [1, 2, 3, 2, 1, 2, 3])
    #expect(try padded(.edge, 2, 1) == [1, 1, 1, 2, 3, 4, 4])
    #expect(try padded(.edge, -2, 2) == [3, 4, 4, 4])
    #expect(try padded(.ring, 5, 1) == [4, 1, 2, 3, 4, 1, 2, 3, 4, 1])
  }

  // MARK: - From files

  static func model(
    _ inputs: [String], _ attributes: [String: ONNXTestModel.Attribute] = [:],
    kind: String = "Resize", opset: Int = 18
  ) -> ONNXTestModel {
    var model = ONNXTestModel(input: ["N", "1", "1", "4"])
    model.opset = opset
    model.node(kind, ["x"] + inputs, ["z"], attributes)
    model.node("Flatten", ["z"], ["y"])
    model.constant("double", [1, 1, 1, 2] as [Float], [4])
    model.constant("half", [1, 1, 1, 0.6] as [Float], [4])
    model.constant("single", [2] as [Float], [1])
    model.constant("empty", [] as [Float], [0])
    model.constant("sizes", [1, 1, 1, 8])
    model.constant("batch", [2, 1, 1, 8])
    model.constant("square", [3, 8])
    return model
  }

  static func read(_ model: ONNXTestModel) throws -> [Float] {
    let network = CompiledNetwork(try ModelFile(onnx: model.bytes).network)
    return network.logits(for: Tensor([0, 4, 8, 12], shape: [1, 1, 1, 4])).scalars
  }

  @Test func `each operator set has its defaults`() throws {
    let doubled: [Float] = [0, 0, 4, 4, 8, 8, 12, 12]
    #expect(try Self.read(Self.model(["double"], kind: "Upsample", opset: 9)) == doubled)
    #expect(try Self.read(Self.model(["double"], opset: 10)) == doubled)
    #expect(try Self.read(Self.model(["empty", "double"], opset: 11)) == doubled)
    #expect(try Self.read(Self.model(["", "", "sizes"])) == doubled)
    // Downwards, the tenth set takes the next element and the later ones the nearest.
    #expect(try Self.read(Self.model(["half"], opset: 10)) == [0, 8])
    #expect(try Self.read(Self.model(["", "half"])) == [0, 8])
    let linear = ["mode": ONNXTestModel.Attribute.text("linear")]
    #expect(
      try Self.read(Self.model(["double"], linear, opset: 10)) == [0, 2, 4, 6, 8, 10, 12, 12])
    #expect(
      try Self.read(Self.model(["", "double"], linear)) == [0, 1, 3, 5, 7, 9, 11, 12])
  }

  @Test func `some axes can be named, and the ratio of sides kept`() throws {
    let one = Self.model(["", "single"], ["axes": .integers([-1])])
    #expect(try Self.read(one).count == 8)
    let both: [String: ONNXTestModel.Attribute] = [
      "axes": .integers([2, 3]), "keep_aspect_ratio_policy": .text("not_larger"),
    ]
    #expect(try Self.read(Self.model(["", "", "square"], both)).count == 16)
  }

  @Test(
    arguments: [
      (["", "", "batch"], [:], "cannot resize the batch"),
      (["", "double", "sizes"], [:], "either scales or sizes"),
      ([], [:], "either scales or sizes"),
      (["", "single"], [:], "do not fit 4 axes"),
      (["", "double"], ["mode": .text("area")], "mode 'area'"),
      (["", "double"], ["nearest_mode": .text("odd")], "nearest_mode 'odd'"),
      (["", "double"], ["coordinate_transformation_mode": .text("odd")], "mode 'odd'"),
      (["", "double"], ["antialias": .integer(1)], "cannot do both"),
      (["", "single"], ["axes": .integers([4])], "axis 4 does not exist"),
      (["x", "double"], ["coordinate_transformation_mode": .text("tf_crop_and_resize")], "region"),
    ] as [([String], [String: ONNXTestModel.Attribute], String)])
  func `what cannot be honoured is refused`(
    _ inputs: [String], _ attributes: [String: ONNXTestModel.Attribute], _ reason: String
  ) throws {
    let error = #expect(throws: ModelError.self) {
      try Self.read(Self.model(inputs, attributes))
    }
    #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
  }

  @Test func `sizes beyond all measure are refused`() throws {
    for scale in [Float.infinity, .nan, -1, 1e30, 0] {
      var model = Self.model(["", "bad"])
      model.constant("bad", [1, 1, 1, scale] as [Float], [4])
      #expect(throws: ModelError.self) { try Self.read(model) }
    }
    var model = Self.model(["", "", "bad"])
    model.constant("bad", [1, 1, Int.max, Int.min])
    #expect(throws: ModelError.self) { try Self.read(model) }
  }
}
