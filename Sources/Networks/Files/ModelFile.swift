public import Imaging
import Tensors

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A classifier read from an ONNX file, and what was done to it on the way.
///
/// The network computes scores: a softmax at the end is taken off. Its layers have the names that
/// the file gives to the values they produce. It takes any number of pictures where the graph allows,
/// whatever batch the file declares.
public struct ModelFile: Sendable {
  /// The classifier; its input is still what the file declares (`Network.reading(_:)`).
  public let network: Network
  /// What was done to it while it was read.
  public let notes: [ModelNote]
  /// The same network as invertible blocks, where the file says which layers make them and that is found
  /// to be so, a round trip of a picture included.
  public let invertible: InvertibleNetwork?
  /// The largest change of a pixel in that round trip, of pixels 0...1.
  public let reconstructionError: Float?
  /// Texts that the file carries, by key.
  public let metadata: [String: String]
  /// The files beside it that tensors were read from, sorted.
  public let externalFiles: [String]

  /// Reads a file, and the files beside it that hold its larger tensors.
  ///
  /// - Parameter inputSize: the size of pictures, for a model that leaves it open.
  public static func read(
    _ path: String, inputSize: PixelSize? = nil
  ) throws(ModelError) -> ModelFile {
    do throws(ModelError) {
      let (bytes, folder) = try contents(of: path)
      return try ModelFile(onnx: bytes, folder: folder, inputSize: inputSize)
    } catch {
      throw error.about(path)
    }
  }

  /// Reads a model that is all in one piece.
  public init(onnx bytes: [UInt8], inputSize: PixelSize? = nil) throws(ModelError) {
    try self.init(onnx: Data(bytes), folder: nil, inputSize: inputSize)
  }

  private static func contents(of path: String) throws(ModelError) -> (Data, folder: String) {
    do throws(LayerError) {
      let file = try RegularFile(path)
      return (try file.contents(limit: ModelLimits.fileByteCount), file.folder)
    } catch {
      throw ModelError(.unreadable, error.reason)
    }
  }

  private init(onnx bytes: Data, folder: String?, inputSize: PixelSize?) throws(ModelError) {
    let graph = try ONNXGraph(bytes: bytes)
    guard let declared = graph.inputs.first, graph.inputs.count == 1 else {
      let names = graph.inputs.map { "'\($0.name)'" }.joined(separator: ", ")
      throw ModelError(
        .unsupported,
        graph.inputs.isEmpty
          ? "takes no input; an image classifier takes one"
          : "takes \(graph.inputs.count) inputs (\(names)); an image classifier takes one")
    }
    let input = try ONNXInput(declared, size: inputSize)
    let external = ONNXExternalData(folder: folder)
    var failure: ModelError?
    for output in graph.outputs {
      do throws(ModelError) {
        var scores = ONNXScores(
          try ONNXAssembly(
            graph, entry: input.entry, fixedBatch: input.fixedBatch, external: external))
        let network = try scores.network(endingIn: output, of: input)
        var notes = scores.notes
        let ignored = graph.outputs.filter { $0 != output }
        if !ignored.isEmpty { notes.append(.outputChosen(output, ignored: ignored)) }
        self.network = try Self.labeled(network, by: graph.metadata["labels"], &notes)
        (invertible, reconstructionError) = Self.invertible(
          self.network, by: graph.metadata[InvertibleStructure.key], &notes)
        self.notes = notes
        metadata = graph.metadata
        externalFiles = external.paths.sorted()
        return
      } catch {
        failure = failure ?? error
      }
    }
    throw failure ?? ModelError(.malformed, "has no output")
  }

  /// Beyond this change of a pixel 0...1 in a round trip, a network is not taken for invertible.
  private static let reconstructionLimit: Float = 1e-3
  /// Multiplications and additions of a pass that is made for that: a few seconds.
  private static let roundTripOperationLimit = 1 << 36

  /// The network as the blocks that the file speaks of, if it is made of them and they can be taken back.
  private static func invertible(
    _ network: Network, by text: String?, _ notes: inout [ModelNote]
  ) -> (network: InvertibleNetwork?, error: Float?) {
    guard let text else { return (nil, nil) }
    guard
      let structure = try? JSONDecoder().decode(InvertibleStructure.self, from: Data(text.utf8))
    else {
      notes.append(.notInvertible("the text that is to say how cannot be read"))
      return (nil, nil)
    }
    do throws(NetworkError) {
      let invertible = try InvertibleNetwork(structure, of: network)
      guard network.graph.operations <= roundTripOperationLimit else {
        throw .invertible("it is too large for a round trip to be tried")
      }
      let model = CompiledInvertibleNetwork(invertible, idleByteLimit: 0)
      let picture = CounterRandom(seed: 1, stream: 0).uniform(
        Shape([1] + network.inputShape.extents), sample: 0)
      let error = model.reconstructionErrors(of: picture)[0]
      guard error <= reconstructionLimit else {
        throw .invertible(
          "a picture comes back with pixels changed by up to \(error); at most "
            + "\(reconstructionLimit) is accepted")
      }
      return (invertible, error)
    } catch {
      notes.append(.notInvertible("\(error)"))
      return (nil, nil)
    }
  }

  /// The network with the labels that the file carries, if they fit it.
  private static func labeled(
    _ network: Network, by text: String?, _ notes: inout [ModelNote]
  ) throws(ModelError) -> Network {
    guard let text else { return network }
    let lines = text.split(whereSeparator: \.isNewline).map(String.init)
    let labels = (try? JSONDecoder().decode([String].self, from: Data(text.utf8))) ?? lines
    do throws(NetworkError) {
      return try network.labeled(labels)
    } catch {
      notes.append(.labelsIgnored("\(error)"))
      return network
    }
  }
}
