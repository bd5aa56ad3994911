import Foundation
import Kernels
import SwiftProtobuf
import Tensors
import TestSupport
import Testing

@testable import Networks

/// The ONNX project's own cases: an operator or a small graph, its inputs and its outputs.
@Suite struct OperatorConformanceTests {
  /// A case of the index.
  struct Case: CustomTestStringConvertible {
    let testDescription: String

    var folder: URL { SharedFolder.file("conformance/onnx-node/\(testDescription)") }
  }

  /// Cases that are refused, and a part of the sentence that tells why.
  static let refused: [String: String] = [
    "node/test_argmax_default_axis_example": "ArgMax",
    "node/test_argmax_negative_axis_keepdims_random": "ArgMax",
    "node/test_averagepool_3d_dilations_large_count_include_pad_is_0_ceil_mode_is_True": volumes,
    "node/test_averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_True": volumes,
    "node/test_basic_deform_conv_without_padding": "DeformConv",
    "node/test_dequantizelinear": "DequantizeLinear",
    "node/test_dequantizelinear_blocked": "DequantizeLinear",
    "node/test_dropout_default_mask": secondOutput,
    "node/test_layer_normalization_3d_axis2_epsilon": secondOutput,
    "node/test_maxpool_3d_dilations": volumes,
    "node/test_maxpool_3d_dilations_use_ref_impl_large": volumes,
    "node/test_maxpool_with_argmax_2d_precomputed_strides": secondOutput,
    "node/test_qlinearconv": "QLinearConv",
    "node/test_quantizelinear": "QuantizeLinear",
    "node/test_quantizelinear_blocked_symmetric": "QuantizeLinear",
    "pytorch-converted/test_Conv3d": volumes,
    "pytorch-converted/test_Conv3d_dilated_strided": volumes,
    "pytorch-converted/test_Conv3d_no_bias": volumes,
    "pytorch-converted/test_Conv3d_stride_padding": volumes,
    "pytorch-converted/test_MaxPool3d_stride": volumes,
  ]

  static let volumes = "only pictures [N, C, H, W] and lines [N, C, L] can be read"
  static let secondOutput = "is the second one of a node"

  static var cases: [Case] {
    guard
      let index = try? String(
        contentsOf: SharedFolder.file("conformance/onnx-node/index.csv"), encoding: .utf8)
    else { return [] }
    return index.split(whereSeparator: \.isNewline).dropFirst().compactMap { line in
      line.split(separator: ",").first.map { Case(testDescription: String($0)) }
    }
  }

  @Test(.enabled(if: SharedFolder.exists, "needs ../shared/conformance"), arguments: cases)
  func `operators give the project's values, or are refused with a reason`(
    _ subject: Case
  ) throws {
    let bytes = [UInt8](try Data(contentsOf: subject.folder.appending(path: "model.onnx")))
    let model = try ONNXModelProto(serializedBytes: bytes)
    let initialized = Set(model.graph.initializer.map(\.name))
    let inputs = model.graph.input.filter { !initialized.contains($0.name) }
    let sets = try FileManager.default.contentsOfDirectory(atPath: subject.folder.path)
      .filter { $0.hasPrefix("test_data_set") }.sorted()
    try #require(!sets.isEmpty)
    for set in sets {
      let data = subject.folder.appending(path: set)
      var values: [String: ONNXConstant] = [:]
      for (index, input) in inputs.enumerated() {
        values[input.name] = try constant(data.appending(path: "input_\(index).pb"), input.name)
      }
      let expected = try model.graph.output.indices.map {
        try constant(data.appending(path: "output_\($0).pb"), "output")
      }
      // As layers that depend on the first input of real numbers where that is possible, else
      // computed from constants.
      let open = inputs.first { $0.type.tensorType.elemType.isReal }?.name
      var refusals: [ModelError] = []
      for open in Set([open, nil]) {
        do throws(ModelError) {
          let found = try outputs(of: bytes, values, open: open)
          compare(found, expected)
        } catch {
          refusals.append(error)
        }
      }
      guard refusals.count == Set([open, nil]).count else { continue }
      let reason = try #require(
        Self.refused[subject.testDescription], "\(refusals.map(\.description))")
      #expect(refusals.contains { $0.reason.contains(reason) }, "\(refusals.map(\.description))")
    }
  }

  static var networks: [String] {
    let folder = SharedFolder.file("conformance/onnx-node/light").path
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return files.filter { $0.hasSuffix(".onnx") }.sorted()
  }

  @Test(.enabled(if: SharedFolder.exists, "needs ../shared/conformance"), arguments: networks)
  func `published networks give the project's values`(_ name: String) throws {
    let folder = SharedFolder.file("conformance/onnx-node/light")
    let file = try ModelFile.read(folder.appending(path: name).path)
    let output = name.replacing(".onnx", with: "_output_0.pb")
    let expected = try constant(folder.appending(path: output), "output").tensor
    let shape = Shape([1] + file.network.inputShape.extents)
    let count = Float(shape.count)
    let input = Tensor((0..<shape.count).map { Float($0) / count }, shape: shape)
    let logits = CompiledNetwork(file.network).logits(for: input)
    let isPeeled = file.notes.contains { if case .softmaxPeeled = $0 { true } else { false } }
    let found =
      isPeeled
      ? Tensor(Prediction(logits: logits.scalars).probabilities, shape: logits.shape) : logits
    #expect(relativeError(found, expected) < 1e-3)
  }

  private func constant(_ url: URL, _ name: String) throws -> ONNXConstant {
    try ONNXConstant(
      try ONNXTensorProto(serializedBytes: try Data(contentsOf: url)), name: name,
      external: ONNXExternalData(folder: nil))
  }

  /// All outputs, with one input open and the others fixed.
  private func outputs(
    of bytes: [UInt8], _ values: [String: ONNXConstant], open: String?
  ) throws(ModelError) -> [Tensor] {
    let fixed = values.filter { $0.key != open }
    let file = try GraphFile(onnx: bytes, constants: fixed.mapValues(\.tensor))
    let input = open.flatMap { values[$0]?.tensor } ?? Tensor(zeros: [])
    var layers: Set<LayerName> = []
    for case .layer(let layer) in file.outputs.map(\.output) { layers.insert(layer) }
    let graph = CompiledGraph(file.graph, engine: .portable)
    let trace = graph.trace(
      input.reshaped(to: Shape([1] + file.graph.inputShape.extents)),
      for: TraceRequest(reading: layers))
    return file.outputs.map { name, output in
      switch output {
      case .constant(let tensor): tensor
      case .layer(let layer): trace[layer]
      }
    }
  }

  private func compare(_ found: [Tensor], _ expected: [ONNXConstant]) {
    #expect(found.count == expected.count)
    for (found, expected) in zip(found, expected) {
      #expect(found.shape == expected.shape)
      // The project's own tolerance.
      let close = zip(found.scalars, expected.tensor.scalars).allSatisfy { a, b in
        a == b || (a.isNaN && b.isNaN) || (a - b).magnitude <= 1e-3 * b.magnitude + 1e-7
      }
      #expect(close, "\(found.scalars.prefix(20)) instead of \(expected.tensor.scalars.prefix(20))")
    }
  }
}
