import Foundation
import Kernels
import Networks
import Tensors
import TestSupport
import Testing

/// Networks that `Scripts/peers` exported from other frameworks, with values in double precision.
///
/// Gigabytes of files that nobody keeps: `TIDEMARK_PEERS` names the folder where they were made.
@Suite(.serialized) struct PeerModelTests {
  /// One export of one network.
  struct Case: CustomTestStringConvertible {
    let folder: URL
    let model: URL

    var testDescription: String { "\(folder.lastPathComponent)/\(model.lastPathComponent)" }

    func tensor(_ name: String) throws -> Tensor {
      try NPY.read(folder.appending(path: "\(name).npy").path)
    }
  }

  /// How far PyTorch's own single precision is from the stored values.
  struct Yardstick: Decodable {
    let logits_f32_err: Float
    let grad_f32_err: Float
    let grad_f32_err_without_mkldnn: Float?
  }

  static let root = ProcessInfo.processInfo.environment["TIDEMARK_PEERS"].map {
    URL(fileURLWithPath: $0, isDirectory: true)
  }

  static var cases: [Case] {
    func folders(in url: URL) -> [URL] {
      let found = try? FileManager.default.contentsOfDirectory(
        at: url, includingPropertiesForKeys: [.isDirectoryKey])
      return (found ?? []).filter(\.hasDirectoryPath).sorted { $0.path < $1.path }
    }
    return (root.map(folders) ?? []).flatMap(folders).flatMap { folder in
      folders(in: folder).filter {
        FileManager.default.fileExists(atPath: $0.appending(path: "model.onnx").path)
      }.map { Case(folder: folder, model: $0) }
    }
  }

  @Test(.enabled(if: root != nil, "needs TIDEMARK_PEERS"), arguments: cases)
  func `an exported network gives the framework's scores and gradients`(_ subject: Case) throws {
    let file = try ModelFile.read(subject.model.appending(path: "model.onnx").path)
    var input = try subject.tensor("input")
    var expected = try subject.tensor("grad_input")
    let logits = try subject.tensor("logits")
    let targets = try subject.tensor("targets").scalars.map { Int($0) }
    let yardstick = try JSONDecoder().decode(
      Yardstick.self, from: Data(contentsOf: subject.folder.appending(path: "meta.json")))
    if input.shape[3] == file.network.inputShape[0] && input.shape[1] > 4 {
      (input, expected) = (input.channelsFirst, expected.channelsFirst)
    }
    let network = CompiledNetwork(file.network)
    var (scores, gradients): ([Tensor], [Tensor]) = ([], [])
    for (index, target) in targets.enumerated() {
      let found = network.gradient(of: .logit(target), for: input.items(index..<index + 1))
      gradients.append(found.gradient)
      scores.append(network.logits(for: input.items(index..<index + 1)))
    }
    #expect(relativeError(.concatenating(scores), logits) < max(1e-4, 4 * yardstick.logits_f32_err))
    // Where a rectifier sits on its kink to within rounding, single precision takes either branch.
    let kinks = max(yardstick.grad_f32_err, yardstick.grad_f32_err_without_mkldnn ?? 0)
    #expect(relativeError(.concatenating(gradients), expected) < max(1e-4, 4 * kinks))
  }
}

extension Tensor {
  /// `[N, H, W, C]` as `[N, C, H, W]`.
  fileprivate var channelsFirst: Tensor {
    let (height, width, channels) = (shape[1], shape[2], shape[3])
    let plane = height * width
    let scalars = (0..<count).map { index in
      let (item, rest) = index.quotientAndRemainder(dividingBy: channels * plane)
      let (channel, position) = rest.quotientAndRemainder(dividingBy: plane)
      return self[item * channels * plane + position * channels + channel]
    }
    return Tensor(scalars, shape: [shape[0], channels, height, width])
  }
}
