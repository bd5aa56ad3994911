import Foundation
public import Imaging
public import Networks
import Tensors

/// A network from a file, with what is needed to show it pictures and to name what it says.
public struct OpenedModel: Sendable {
  /// Takes pictures of values 0...1, and has labels if any could be found.
  public let network: Network
  /// The same as invertible blocks, where the file says how and that was found to be so.
  public let invertible: InvertibleNetwork?
  public let preprocessing: Preprocessing
  public let resize: InputGeometry
  public let labels: Labels
  public let record: ModelRecord
  /// What a user should know of how the file was read.
  public let notes: [String]

  /// Opens a model as a user describes it.
  ///
  /// - Parameters:
  ///   - preprocess: a preset's name or a JSON file; nil for what the model carries, or else
  ///     `<model's stem>.preprocess.json` beside it.
  ///   - resize: nil for what the preprocessing file says, or else squashing to the network's size.
  ///   - labels: a file of names, one a line; nil to look for them (`Labels`).
  public init(
    _ path: String, preprocess: String?, resize: String?, labels: String?
  ) throws(JobError) {
    let closed = try Self.file(path)
    let (preprocessing, origin) = try Self.preprocessing(
      preprocess, model: path, metadata: closed?.metadata ?? [:])
    try self.init(
      path, closed, preprocessing, origin: origin,
      resize: try Self.geometry(resize) ?? preprocessing.resize, labels: labels)
  }

  /// Opens a model as it was read in a run.
  ///
  /// - Parameter labels: as in `init(_:preprocess:resize:labels:)`.
  public init(_ path: String, reading: ReadingRecord, labels: String?) throws(JobError) {
    try self.init(
      path, try Self.file(path), reading.preprocessing, origin: nil, resize: reading.resize,
      labels: labels)
  }

  /// - Parameters:
  ///   - closed: the model, unless it leaves the size of pictures open.
  ///   - origin: where the preprocessing comes from, unless the user said it.
  private init(
    _ path: String, _ closed: ModelFile?, _ preprocessing: Preprocessing, origin: String?,
    resize wanted: InputGeometry?, labels: String?
  ) throws(JobError) {
    let file = if let closed { closed } else { try Self.file(path, inputSize: wanted?.input) }
    let shape = file.network.inputShape
    let size = PixelSize(width: shape[2], height: shape[1])
    self.resize = wanted ?? .squash(size)
    guard self.resize.input == size else {
      throw JobError(
        .request,
        "\(path): takes pictures of \(size), but '\(self.resize)' makes them \(self.resize.input); "
          + "write --resize squash:\(size), or crop or letterbox to it")
    }
    self.labels = try Labels(file: labels, model: path, network: file.network)
    do throws(NetworkError) {
      let names = self.labels.names
      if let invertible = file.invertible {
        let read = try invertible.reading(preprocessing).labeled(names)
        (network, self.invertible) = (read.network, read)
      } else {
        (network, invertible) = (try file.network.reading(preprocessing).labeled(names), nil)
      }
    } catch {
      throw JobError(.request, "\(path): \(error)")
    }
    self.preprocessing = preprocessing
    let parts = ([path] + file.externalFiles).compactMap {
      try? Data(contentsOf: URL(filePath: $0), options: .mappedIfSafe)
    }
    guard parts.count == 1 + file.externalFiles.count else {
      throw JobError(.environment, "\(path): the file vanished while it was read")
    }
    record = ModelRecord(
      file: URL(filePath: path).lastPathComponent, digest: ContentDigest(ofParts: parts),
      labels: ContentDigest(of: self.labels.names.joined(separator: "\n").utf8))
    notes =
      file.notes.map { "\(path): \($0)" }
      + (origin.map { ["preprocessing \($0)"] } ?? [])
      + (labels == nil && !self.labels.names.isEmpty ? ["labels \(self.labels.source)"] : [])
  }

  /// The model, or nil where it leaves the size of pictures open.
  private static func file(_ path: String) throws(JobError) -> ModelFile? {
    do throws(ModelError) {
      return try ModelFile.read(path)
    } catch {
      guard error.kind == .choice else { throw JobError(.environment, "\(error)") }
      return nil
    }
  }

  /// A model that leaves the size of pictures open. What a model fixes is compared later, with a better
  /// word about it.
  private static func file(
    _ path: String, inputSize: PixelSize?
  ) throws(JobError) -> ModelFile {
    do throws(ModelError) {
      return try ModelFile.read(path, inputSize: inputSize)
    } catch {
      throw JobError(.request, "\(error); --resize chooses, such as --resize squash:224")
    }
  }

  private static func geometry(_ text: String?) throws(JobError) -> InputGeometry? {
    guard let text else { return nil }
    do throws(InputGeometryError) {
      return try InputGeometry(parsing: text)
    } catch {
      throw JobError(.request, "--resize \(error)")
    }
  }

  /// The preprocessing, and where it comes from unless the user said it.
  private static func preprocessing(
    _ text: String?, model: String, metadata: [String: String]
  ) throws(JobError) -> (Preprocessing, origin: String?) {
    if let text { return (try Self.preprocessing(text), nil) }
    if let carried = metadata["preprocessing"],
      let preprocessing = try? JSONText.decode(Preprocessing.self, from: Data(carried.utf8))
    {
      return (preprocessing, "from the model")
    }
    let own = URL(filePath: model).deletingPathExtension().lastPathComponent + ".preprocess.json"
    let file = URL(filePath: model).deletingLastPathComponent().appending(component: own).path
    guard FileStatus(of: file) != nil else {
      throw JobError(
        .request,
        """
        \(model): what the network was trained on is not known; choose by --preprocess
          imagenet  RGB 0...1, less the mean (0.485, 0.456, 0.406), over (0.229, 0.224, 0.225): PyTorch
          caffe     BGR 0...255, less (104, 117, 123)
          tf        RGB -1...1: TensorFlow
          raw       RGB 0...1 as they are
        or a JSON file, also found as '\(own)' beside the model
        """)
    }
    return (try preprocessing(inFile: file), "from '\(own)' beside the model")
  }

  /// A preset, or what a JSON file says.
  package static func preprocessing(_ text: String) throws(JobError) -> Preprocessing {
    if let preset = Preprocessing(preset: text) { return preset }
    guard FileStatus(of: text) != nil else {
      let names = Preprocessing.presets.map(\.name)
      let near = NearMatches.of(text, among: names)
      throw JobError(
        .request,
        "--preprocess '\(text)': is neither a file nor one of \(names.joined(separator: ", "))"
          + (near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"))
    }
    return try preprocessing(inFile: text)
  }

  private static func preprocessing(inFile file: String) throws(JobError) -> Preprocessing {
    guard FileStatus(of: file)?.kind == .file else {
      throw JobError(.request, "preprocessing '\(file)': is no ordinary file; expected JSON")
    }
    do {
      return try JSONText.decode(
        Preprocessing.self, from: try Data(contentsOf: URL(filePath: file)))
    } catch {
      throw JobError(.request, "preprocessing '\(file)': \(JSONText.reason(error))")
    }
  }
}
