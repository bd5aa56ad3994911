import Explanations
import Foundation
import Kernels
import Networks
import Rendering

/// Runs a job on threads of its own and keeps its records.
public struct JobRunner: Sendable {
  public let job: Job
  public let store: ArtifactStore
  /// Makes results again that are there already.
  public let redoes: Bool
  private let workshop: Workshop
  private let audit: Audit?

  /// Pictures that are worked on side by side.
  public var workerCount: Int { workshop.workerCount }

  /// Divides threads and memory. Throws where not even one picture's pass fits into memory.
  public init(
    _ job: Job, into store: ArtifactStore, threads: Int, memory: MemoryBudget = .automatic,
    redoes: Bool = false
  ) throws(JobError) {
    self.job = job
    self.store = store
    self.redoes = redoes
    workshop = try Workshop(
      for: job, threads: threads, memory: memory,
      bytesPerPixel: job.manifest.rendering.bytesPerPixel)
    audit = job.audits ? Audit(of: workshop.network, seed: job.manifest.seed) : nil
  }

  /// Works through all pictures. One that fails does not stop the others.
  ///
  /// `report` is called from several threads, never by two at a time. Throws where the run's own files
  /// cannot be written.
  public func run(
    reporting report: @escaping @Sendable (RunEvent) -> Void = { _ in }
  ) async throws(JobError) -> RunSummary {
    try await store.writing { try await work(reporting: report) }
  }

  private func work(
    reporting report: @escaping @Sendable (RunEvent) -> Void
  ) async throws -> RunSummary {
    let items = job.scan.items
    try store.update(Manifest.name, with: try JSONText.page(job.manifest))
    let ledger = try Ledger(in: store) { report(.entry($0)) }
    try await ledger.begin(["pictures": items.count, "workers": workerCount])

    var summary = RunSummary()
    summary.pictureCount = items.count
    for problem in job.scan.problems {
      let failure = MapFailure(.unreadable, path: problem.path, reason: problem.reason)
      summary.failures.append(failure)
      try await ledger.append(failure)
    }

    var omissions: [String: String] = [:]
    var lines = [[SummaryLine]](repeating: [], count: items.count)
    for await (index, outcome) in outcomes(of: items, reporting: report) {
      try await ledger.append(outcome)
      let (kept, omitted) = outcome.split(omittingUnsuitable: job.omitsUnsuitable)
      lines[index] = SummaryLine.lines(of: kept)
      summary.failures += kept.failures
      for failure in omitted { omissions[failure.method ?? ""] = failure.reason }
    }
    summary.omissions = omissions.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    if job.manifest.rendering.scale == .folder {
      let scales = SummaryLine.largestScales(of: lines.joined())
      let drawable = items.indices.filter { index in lines[index].contains { $0.key != nil } }
      let parts = drawable.map { items[$0] }
      for await (index, outcome) in outcomes(of: parts, sharing: scales, reporting: report) {
        try await ledger.append(outcome, withUnchanged: false)
        lines[drawable[index]].update(with: SummaryLine.lines(of: outcome))
        summary.failures += outcome.failures
      }
    }

    summary.count(lines)
    summary.failures.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    let problems = job.scan.problems.map {
      SummaryLine(MapFailure(.unreadable, path: $0.path, reason: $0.reason))
    }
    let table = SummaryLine.table((lines.joined() + problems))
    try store.update(RunSummary.name, with: table.utf8)
    let sheet = SheetWriter(job: job, store: store, workers: WorkerThreads(count: workshop.threads))
    try await sheet.write(zip(items, lines).map { .init(item: $0, lines: $1) })
    summary.pictureCountBeyondSheet = max(0, items.count - SheetWriter.pictureLimit)
    try await ledger.end(summary.counts)
    return summary
  }

  /// Makes maps, or with shared scales draws those that are there.
  private func outcomes(
    of items: [WorkItem], sharing scales: [String: Float]? = nil,
    reporting report: @escaping @Sendable (RunEvent) -> Void
  ) -> AsyncStream<(index: Int, result: ItemOutcome)> {
    var progress = RunProgress(
      total: items.count, totalMaps: items.reduce(0) { $0 + job.mapCount(ofPath: $1.path) })
    if scales != nil { progress.stage = .drawing }
    let pipeline = ItemPipeline(
      job: job, model: workshop.model, easel: Easel(job: job, store: store, scales: scales),
      reader: PictureReader(job: job, room: workshop.room),
      purpose: scales == nil ? .making(redoes: redoes) : .drawing, audit: audit,
      progress: ProgressMeter(progress) { report(.progress($0)) })
    return workshop.workers.results(of: items) { pipeline.process($0) }
  }
}

/// What is told of a run while it goes on.
public enum RunEvent: Sendable {
  case progress(RunProgress)
  /// A line of the ledger, as it was written.
  case entry(String)
}
