import Explanations
import Foundation
import ImageCodecs
public import Kernels

/// A run folder that is there already, so that its maps can be looked at once more.
public struct FinishedRun: Sendable {
  public let folder: String
  public let manifest: Manifest

  /// Throws where the folder holds no run that this program can read.
  public init(_ folder: String) throws(JobError) {
    let path = "\(folder)/\(Manifest.name)"
    guard FileStatus(of: path)?.kind == .file else {
      throw JobError(
        .environment,
        "'\(folder)' is no run folder: there is no \(Manifest.name) in it; expected what "
          + "'tidemark render' wrote by --out")
    }
    do {
      manifest = try JSONText.decode(
        Manifest.self, from: Data(contentsOf: URL(filePath: path)))
    } catch {
      throw JobError(
        .environment,
        "\(path) cannot be read: \(JSONText.reason(error)); make the run anew with 'tidemark render'"
      )
    }
    guard manifest.schema == Manifest.schema else {
      throw JobError(
        .environment,
        "\(path): expected schema \(Manifest.schema), found '\(manifest.schema)'; make the run anew "
          + "with 'tidemark render'")
    }
    self.folder = folder
  }

  /// The job that made the folder.
  ///
  /// Throws for another network than the run's, and where its pictures or methods are no longer there.
  public func job(of model: OpenedModel, engine: Engine) throws(JobError) -> Job {
    guard model.record.digest == manifest.model.digest else {
      throw JobError(
        .request,
        "the run was made with another \(manifest.model.file) than this \(model.record.file): their "
          + "contents differ; name the run's own by --model")
    }
    guard model.record.labels == manifest.model.labels else {
      throw JobError(
        .request,
        "the run's class names came \(manifest.labels), and are not those found now; name their file "
          + "by --labels")
    }
    var options = Job.Options()
    do throws(TargetError) {
      options.target = try Target(manifest.target)
    } catch {
      throw JobError(.request, "\(folder): \(error)")
    }
    options.targetText = manifest.target
    options.modelPath = manifest.modelPath
    options.alpha = manifest.reading.alpha
    options.orientation = manifest.reading.orientation
    options.truncation = manifest.reading.truncation
    options.reduces = manifest.reading.reduces
    options.rendering = manifest.rendering
    options.seed = manifest.seed
    options.smoothing = manifest.smoothing
    options.certification = manifest.certification
    options.maximumPixels = manifest.maximumPixels
    options.keep = try manifest.keep.map { (path) throws(JobError) in try KeepMask(path) }
    options.engine = engine
    var methods: [ConfiguredExplainer] = []
    for record in manifest.methods { methods.append(try Self.method(record)) }
    var job: Job
    do throws(JobError) {
      job = try Job(
        inputs: manifest.inputs, output: folder, model: model, methods: methods, options: options)
    } catch {
      guard error.kind == .environment else { throw error }
      throw JobError(
        .environment,
        "\(error); the run was given them by these names: start where it was started")
    }
    // Maps are recognised by what was asked when they were made.
    job.manifest = manifest
    return job
  }

  private static func method(_ record: MethodRecord) throws(JobError) -> ConfiguredExplainer {
    guard let entry = ExplainerCatalog.entry(named: record.name) else {
      throw JobError(.request, "the run's method '\(record.name)' is not known to this version")
    }
    do throws(ExplainerError) {
      return try entry.configured(recorded: record.parameters)
    } catch {
      throw JobError(.request, "the run's method '\(record.name)' has other options now: \(error)")
    }
  }
}
