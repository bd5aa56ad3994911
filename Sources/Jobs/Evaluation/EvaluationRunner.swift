import Explanations
import Foundation
import ImageCodecs
import Imaging
import Kernels
import Measures
import Networks

/// Measures the maps of a finished run, and those of controls, on threads of its own.
public struct EvaluationRunner: Sendable {
  public let job: Job
  /// The evaluation's folder.
  public let store: ArtifactStore
  private let maps: ArtifactStore
  private let settings: EvaluationSettings
  private let controls: [ConfiguredExplainer]
  private let workshop: Workshop
  private let randomized: RandomizedNetworks?
  private let redoes: Bool

  /// Throws where not even one picture's pass fits into memory.
  ///
  /// - Parameters:
  ///   - job: what made the run.
  ///   - redoes: measures again what is there already.
  public init(
    _ run: FinishedRun, job: Job, settings: EvaluationSettings, into store: ArtifactStore,
    threads: Int, memory: MemoryBudget = .automatic, redoes: Bool = false
  ) throws(JobError) {
    self.job = job
    self.settings = settings
    self.store = store
    self.redoes = redoes
    maps = try ArtifactStore(folder: run.folder)
    do throws(ExplainerError) {
      var controls: [ConfiguredExplainer] = []
      for entry in ControlCatalog.all { controls.append(try entry.configured()) }
      self.controls = controls
    } catch {
      throw JobError(.environment, "\(error)")
    }
    // A picture, its mask and its map at the picture's size.
    workshop = try Workshop(for: job, threads: threads, memory: memory, bytesPerPixel: 12)
    randomized =
      settings.shufflesNetworks
      ? RandomizedNetworks(of: workshop.network, seed: job.manifest.seed) : nil
  }

  /// Works through all pictures, then compares. A picture that fails does not stop the others.
  ///
  /// `report` is called from several threads, never by two at a time. Throws where the evaluation's own
  /// files cannot be written.
  public func run(
    reporting report: @escaping @Sendable (RunEvent) -> Void = { _ in }
  ) async throws(JobError) -> EvaluationSummary {
    try await store.writing { try await work(reporting: report) }
  }

  private func work(
    reporting report: @escaping @Sendable (RunEvent) -> Void
  ) async throws -> EvaluationSummary {
    let items = job.scan.items
    var table = EvaluationTable(
      candidates: job.methods.map { .init(name: $0.about.name, isControl: false) }
        + controls.map { .init(name: $0.about.name, isControl: true) },
      measures: settings.measures.map(\.about), paths: items.map(\.path))
    var summary = EvaluationSummary()
    summary.annotatedCount = settings.truth?.count(of: items) ?? 0
    for await (index, result) in results(of: items, reporting: report) {
      switch result {
      case .failed(let failure): summary.failures.append(failure)
      case .measured(let picture, let missing, let isNew):
        table.add(picture, at: index)
        summary.pictureCount += 1
        if !isNew { summary.unchangedCount += 1 }
        for method in missing { summary.missing[method, default: 0] += 1 }
      }
    }
    summary.failures.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    table.tune()

    let report = EvaluationReport(
      table: table, rankings: await rankings(of: table), bootstrap: Self.bootstrap)
    summary.sections = EvaluationSummary.sections(
      of: report.rankings, candidates: table.candidates)
    try store.update("measures.csv", with: report.pictures.utf8)
    try store.update("summary.csv", with: report.summary.utf8)
    try store.update(
      "evaluation.json",
      with: try report.json(of: job, engine: job.engine.version, settings: settings))
    try store.update("ranking.png", with: try RankingFigure(report.rankings).png())
    return summary
  }

  private static let bootstrap = PairedBootstrap()

  private func results(
    of items: [WorkItem], reporting report: @escaping @Sendable (RunEvent) -> Void
  ) -> AsyncStream<(index: Int, result: EvaluationPipeline.Result)> {
    let meter = ProgressMeter(
      RunProgress(
        total: items.count,
        totalMaps: items.reduce(0) {
          $0 + job.mapCount(ofPath: $1.path, beside: controls.count)
        }, stage: .measuring)
    ) { report(.progress($0)) }
    let pipeline = EvaluationPipeline(
      job: job, model: workshop.model, settings: settings, controls: controls,
      randomized: randomized, reader: PictureReader(job: job, room: workshop.room), maps: maps,
      store: store, redoes: redoes, progress: meter)
    return workshop.workers.results(of: items) { pipeline.process($0) }
  }

  /// Intervals by drawing pictures again take long with many of them, so measures share the cores.
  private func rankings(of table: EvaluationTable) async -> [MeasureRanking] {
    let columns = table.columns.indices.filter { table.isMeasured($0) }
    var rankings = [MeasureRanking?](repeating: nil, count: columns.count)
    let workers = WorkerThreads(count: workshop.threads)
    for await (index, ranking) in workers.results(
      of: columns, { MeasureRanking(of: table, column: $0, by: Self.bootstrap) })
    {
      rankings[index] = ranking
    }
    return rankings.compactMap(\.self)
  }
}
