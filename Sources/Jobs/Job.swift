public import Explanations
public import ImageCodecs
public import Imaging
public import Kernels
public import Networks
public import Rendering

/// A run as it was asked for, checked and ready: what to explain, by which methods, with which network.
public struct Job: Sendable {
  public internal(set) var manifest: Manifest
  public let scan: FolderScan
  let network: Network
  /// The same, where it can be inverted.
  let invertible: InvertibleNetwork?
  let engine: Engine
  let methods: [ConfiguredExplainer]
  let omitsUnsuitable: Bool
  let audits: Bool
  let keep: KeepMask?
  let targets: TargetAssignment

  /// What a job may be asked for beside its inputs, network and methods.
  public struct Options: Sendable {
    public var target = Target.predicted
    /// As the user wrote it.
    public var targetText = "predicted"
    /// As the user wrote it.
    public var modelPath = ""
    public var alpha = AlphaPolicy.flatten
    public var orientation = OrientationPolicy.apply
    public var truncation = TruncationPolicy.refuse
    /// Whether large JPEGs are decoded to a fraction of their size.
    public var reduces = false
    public var rendering = OverlayRenderer()
    public var seed: UInt64 = 0
    /// How the network is smoothed, if it is.
    public var smoothing: Smoothing?
    /// How smoothed decisions are certified, if they are.
    public var certification: Certification?
    /// Whether methods that do not fit the network are passed over, rather than failures.
    public var omitsUnsuitable = false
    /// Whether a few measures of each map are written into its sidecar.
    public var audits = false
    public var maximumPixels = DecodeLimit().pixels
    /// What methods must leave as it is; nil for nothing.
    public var keep: KeepMask?
    public var engine = Engine.preferred

    public init() {}
  }

  /// Finds the pictures and resolves targets. Throws where no picture can be found, and for targets
  /// that do not exist.
  ///
  /// - Parameter output: the run folder, in which nothing is looked for.
  public init(
    inputs: [String], output: String, model: OpenedModel, methods: [ConfiguredExplainer],
    options: Options = Options()
  ) throws(JobError) {
    scan = FolderScan(of: inputs, output: output)
    guard !scan.items.isEmpty else { throw Self.nothingFound(scan, in: inputs) }
    try Self.checkLayers(of: methods, in: model.network)
    self.methods = methods
    omitsUnsuitable = options.omitsUnsuitable
    audits = options.audits
    keep = options.keep
    network = model.network
    invertible = model.invertible
    engine = options.engine
    targets = try TargetAssignment(
      options.target, paths: Set(scan.items.map(\.path)), labels: network.labels,
      classCount: network.classCount)
    manifest = Manifest(
      tidemark: Release.version, engine: options.engine.version, inputs: inputs,
      modelPath: options.modelPath, model: model.record, labels: model.labels.source,
      reading: ReadingRecord(
        preprocessing: model.preprocessing, resize: model.resize, alpha: options.alpha,
        orientation: options.orientation, truncation: options.truncation,
        reduces: options.reduces),
      methods: methods.map { MethodRecord($0) },
      target: options.targetText, rendering: options.rendering, seed: options.seed,
      smoothing: options.smoothing, certification: options.certification,
      maximumPixels: options.maximumPixels, keep: options.keep?.path)
  }

  /// How many maps a picture is to have, where each of its targets has some beside those of the
  /// methods.
  func mapCount(ofPath path: String, beside others: Int = 0) -> Int {
    (targets.target(ofPath: path)?.aspects.count ?? 0) * (methods.count + others)
  }

  /// Options that are called `layer`, such as `maskLayer`, name one, and `layers` several; better to
  /// refuse them here than once for each picture.
  private static func checkLayers(
    of methods: [ConfiguredExplainer], in network: Network
  ) throws(JobError) {
    for method in methods {
      for case (let key, .string(let name)) in method.parameters.leaves
      where ["layer", "layers"].contains(where: key.lowercased().hasSuffix) && name != "auto" {
        do throws(NetworkError) {
          for layer in LayerList(text: name).names { _ = try network.resolve(layer) }
        } catch {
          throw JobError(.request, "\(method.about.name): \(error)")
        }
      }
    }
  }

  private static func nothingFound(_ scan: FolderScan, in inputs: [String]) -> JobError {
    let problems = scan.problems.map { "\($0.path): \($0.reason)" }
    let own =
      scan.ownPictureCount > 0
      ? ["\(scan.ownPictureCount) pictures made by tidemark were passed over"] : []
    return JobError(
      .environment,
      "there is no PNG or JPEG picture to explain in \(inputs.joined(separator: ", "))"
        + (problems + own).map { "; \($0)" }.joined())
  }
}
