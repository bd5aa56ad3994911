public import ArgumentParser
import Explanations
import Foundation
import ImageCodecs
public import Imaging
import Jobs
public import Kernels
import Networks
public import Rendering
import Synchronization

/// Explains pictures and writes overlays.
struct RenderCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "render",
    abstract: "Explains pictures: overlays, raw maps and a contact sheet.",
    discussion: """
      Examples:
        tidemark render photos/ --model net.onnx --preprocess imagenet \\
            --resize crop:256:224 --method gradient,grad-cam --out Outputs/first
        tidemark render cat_dog.png --model net.onnx --preprocess imagenet \\
            --method grad-cam --target 'tabby::bull mastiff' --out Outputs/cat
        tidemark render photos/ --model net.onnx --preprocess caffe \\
            --method integrated-gradients --set baseline=white --out Outputs/white

      The output folder holds maps/<picture>/<method>[.<target>].overlay.png, .npy (the raw map) and \
      .json (what it shows), summary.csv, contact-sheet.png, run.json and ledger.jsonl. Run the same \
      command again to go on after an interruption: what is there already is not made again.
      """)

  @Argument(
    help: ArgumentHelp(
      "Pictures (PNG, JPEG), and folders to be searched for them.", valueName: "input"))
  var inputs: [String]

  @OptionGroup var model: ModelOptions

  @Option(
    name: [.customLong("method")],
    help: ArgumentHelp(
      "Methods, separated by commas, or all; see 'tidemark methods'.", valueName: "names"))
  var methods: [String] = []

  @Option(
    help: ArgumentHelp(
      "The class to explain: predicted, top:3, NAME, #INDEX, NAME::NAME (why the first rather than "
        + "the second), or csv:FILE with the columns path and target.", valueName: "target"))
  var target = "predicted"

  @Option(
    name: [.customLong("set")],
    help: ArgumentHelp(
      "KEY=VALUE for every chosen method with this option, METHOD.KEY=VALUE for one. May be "
        + "repeated.", valueName: "option"))
  var settings: [String] = []

  @Option(
    help: ArgumentHelp(
      "The layer for methods that look at one; short for --set layer=NAME.", valueName: "name"))
  var layer: String?

  @Option(
    help: ArgumentHelp(
      "\(ColorMap.all.map(\.name).joined(separator: ", ")), or auto. Colours without a sign show "
        + "magnitudes.", valueName: "name"))
  var colormap = "auto"

  @Option(help: ArgumentHelp("How much the strongest colour hides, 0...1.", valueName: "number"))
  var opacity: Float = OverlayRenderer().opacity

  @Option(
    help: ArgumentHelp(
      "The percentage of values below full colour; lower brings out weak ones.",
      valueName: "percent"))
  var clip: Float = OverlayRenderer().clip

  @Option(
    help: ArgumentHelp(
      "What full colour stands for: image (each picture's strongest values), fixed:LOW:HIGH (the same "
        + "values for all) or folder (for each method the strongest in any picture).",
      valueName: "scale"))
  var scale = "image"

  @Option(
    help: ArgumentHelp(
      "What is drawn beside overlays, separated by commas: map (colours alone), figure (overlay with "
        + "title and legend) and side-by-side (picture beside overlay, with both).",
      valueName: "names"))
  var style = "overlay"

  @Flag(help: "Draw lines at a quarter, a half and three quarters of full colour.")
  var contours = false

  @Option(
    help: ArgumentHelp(
      "How coarse maps are enlarged: smooth, cells (as squares) or edges (towards the picture's edges, "
        + "which are not the map's; said on the drawing).", valueName: "name"))
  var enlarge = MapEnlargement.smooth

  @Option(
    help: ArgumentHelp(
      "The picture beneath the colours: color, gray (light and pale), or auto, which is gray for maps "
        + "with signs.", valueName: "name"))
  var backdrop = Backdrop.automatic

  @OptionGroup var keeping: KeepingOptions

  @Option(help: ArgumentHelp("Where random numbers start.", valueName: "number"))
  var seed: UInt64 = 0

  @OptionGroup(title: "Smoothing") var smoothing: SmoothingOptions

  @Option(
    help: ArgumentHelp(
      "Transparency: flatten (blend over white) or drop (ignore).", valueName: "policy"))
  var alpha = AlphaPolicy.flatten

  @Flag(help: "Leave pictures as they are stored, whatever orientation the camera noted.")
  var ignoreOrientation = false

  @Flag(help: "Explain what is there of pictures whose files end too early.")
  var allowTruncated = false

  @Flag(
    help: ArgumentHelp(
      "Decode large JPEGs to a half, a quarter or an eighth of their size where that is twice what the "
        + "network sees. Faster; overlays have that size, and pixels differ from the full picture's."
    ))
  var fastDecoding = false

  @Option(help: ArgumentHelp("Refuse pictures of more pixels.", valueName: "number"))
  var maxPixels = DecodeLimit().pixels

  @OptionGroup var running: RunningOptions

  @Flag(
    help: ArgumentHelp(
      "Measure each map as it is made, and write into its sidecar whether it adds up, what the score does "
        + "when what it points at is taken away or shown alone, how alike the map of a network with "
        + "shuffled parameters is, and its standard error. 'tidemark evaluate' measures more."))
  var audit = false

  @Flag(help: "Make results again that are there already.")
  var force = false

  @Option(name: [.customLong("out")], help: ArgumentHelp("The output folder.", valueName: "folder"))
  var output: String

  func run() async throws {
    Console.format.withLock { $0 = running.log }
    let options = try jobOptions()
    let methods = try MethodSelection.methods(
      named: methods.flatMap { names in
        names.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      },
      settings: (layer.map { ["layer=\($0)"] } ?? []) + settings)
    let budget = try running.budget()
    let opened = try model.open()
    for note in opened.notes { Console.note(note) }
    let job = try Job(
      inputs: inputs, output: output, model: opened, methods: methods, options: options)
    if job.scan.ownPictureCount > 0 {
      Console.note("pictures made by tidemark are passed over: \(job.scan.ownPictureCount)")
    }
    let store = try ArtifactStore(folder: output)
    let runner = try JobRunner(
      job, into: store, threads: running.threads, memory: budget, redoes: force)
    try conclude(try await running.watching(store) { try await runner.run(reporting: $0) })
  }

  // MARK: - Options

  func validate() throws {
    func check(_ isRight: Bool, _ text: String) throws {
      guard isRight else { throw ValidationError(text) }
    }
    try check((0...1).contains(opacity), "--opacity: expected 0 to 1, found \(opacity)")
    try check(clip > 0 && clip <= 100, "--clip: expected above 0 up to 100, found \(clip)")
    try check(maxPixels >= 1, "--max-pixels: expected 1 or more, found \(maxPixels)")
    try check(!output.isEmpty, "--out: expected a folder, found nothing")
    try check(
      !methods.isEmpty, "--method is missing; 'tidemark methods' lists the methods there are")
  }

  private func jobOptions() throws(JobError) -> Job.Options {
    var options = Job.Options()
    do throws(TargetError) {
      options.target = try Target(target)
    } catch {
      throw JobError(.request, "\(error)")
    }
    options.targetText = target
    options.modelPath = model.model
    options.alpha = alpha
    options.orientation = ignoreOrientation ? .ignore : .apply
    options.truncation = allowTruncated ? .allow : .refuse
    options.reduces = fastDecoding
    options.rendering.colorMap = try colorMapChoice()
    options.rendering.opacity = opacity
    options.rendering.clip = clip
    options.rendering.backdrop = backdrop
    options.rendering.scale = try mapScale()
    options.rendering.styles = try styles()
    options.rendering.contours = contours
    options.rendering.enlargement = enlarge
    options.seed = seed
    options.keep = try keeping.mask()
    options.smoothing = try smoothing.smoothing()
    options.certification = try smoothing.certification()
    options.omitsUnsuitable = methods == ["all"]
    options.audits = audit
    options.maximumPixels = maxPixels
    options.engine = running.engine
    return options
  }

  private func colorMapChoice() throws(JobError) -> ColorMapChoice {
    guard colormap != "auto" else { return .automatic }
    guard let map = ColorMap(named: colormap) else {
      let names = ColorMap.all.map(\.name)
      let near = NearMatches.of(colormap, among: names)
      throw JobError(
        .request,
        "--colormap: there is no '\(colormap)'; "
          + (near.isEmpty
            ? "there are auto, \(names.joined(separator: ", "))"
            : "did you mean \(near.joined(separator: " or "))?"))
    }
    return .named(map)
  }

  private func mapScale() throws(JobError) -> MapScale {
    guard let scale = MapScale(scale) else {
      throw JobError(
        .request,
        "--scale: expected image, folder or fixed:LOW:HIGH with LOW below HIGH and HIGH above 0, such "
          + "as fixed:0:0.5; found '\(scale)'")
    }
    return scale
  }

  /// The overlay, and what was asked for beside it, in a fixed order.
  private func styles() throws(JobError) -> [DrawingStyle] {
    var chosen: Set<DrawingStyle> = [.overlay]
    for name in style.split(separator: ",").map({ $0.trimmingCharacters(in: .whitespaces) }) {
      guard let style = DrawingStyle(rawValue: name) else {
        let names = DrawingStyle.allCases.map(\.rawValue)
        let near = NearMatches.of(name, among: names)
        throw JobError(
          .request,
          "--style: there is no '\(name)'; "
            + (near.isEmpty
              ? "there are \(names.joined(separator: ", "))"
              : "did you mean \(near.joined(separator: " or "))?"))
      }
      chosen.insert(style)
    }
    return DrawingStyle.allCases.filter(chosen.contains)
  }

  // MARK: - Telling

  private func conclude(_ summary: RunSummary) throws {
    for (method, reason) in summary.omissions { Console.omitted(method, reason) }
    running.tell(summary.failures)
    for (note, count) in summary.notes.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      guard let meaning = note.warning else { continue }
      Console.note("\(Self.text(count, "picture")): \(meaning)")
    }
    if summary.pictureCountBeyondSheet > 0 {
      Console.note(
        "the contact sheet leaves out the last \(summary.pictureCountBeyondSheet) pictures")
    }
    let counts = [
      (summary.unchangedCount, "there already"), (summary.redrawnCount, "drawn anew"),
      (summary.doubtfulCount, "not to be relied on (see status in summary.csv)"),
    ]
    var parts = [
      "\(Self.text(summary.mapCount, "map")) of \(Self.text(summary.pictureCount, "picture"))"
    ]
    parts += counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    if !summary.failures.isEmpty { parts.append(Self.text(summary.failures.count, "failure")) }
    print("\(parts.joined(separator: ", ")); look at \(output)/contact-sheet.png")
    if summary.isEmpty { throw Outcome.nothingDone }
    if !summary.failures.isEmpty { throw Outcome.someFailed }
  }

  private static func text(_ count: Int, _ noun: String) -> String {
    count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
  }
}

extension AlphaPolicy: ExpressibleByArgument {}
extension Backdrop: ExpressibleByArgument {}
extension Engine: ExpressibleByArgument {}
extension MapEnlargement: ExpressibleByArgument {}

extension DecodeNote {
  /// What a user should know of a picture, if anything.
  fileprivate var warning: String? {
    switch self {
    case .animationIgnored: "animated; the first picture was explained"
    case .cmykConverted: "colours stored as inks, converted without a profile"
    case .colorProfileIgnored:
      "the embedded colour profile was not applied, as networks are trained"
    case .damagePatched: "damaged in places, and patched over"
    case .depthReduced: "16 bits a sample, reduced to 8"
    case .gammaIgnored: "an unusual gamma was not applied, as networks are trained"
    case .oriented: nil
    case .reduced: "decoded to a fraction of the size (--fast-decoding)"
    case .truncated: "the file ends too early; what is missing is gray or black"
    }
  }
}
