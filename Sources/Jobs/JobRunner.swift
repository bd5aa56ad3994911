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
  /// Pictures that are worked on side by side.
  public let workerCount: Int
  private let threads: Int
  private let model: CompiledNetwork
  private let room: PictureRoom

  /// Divides threads and memory. Throws where not even one picture's pass fits into memory.
  ///
  /// Results depend on neither: a network's batches are of a size that only the network decides, and
  /// no sum is split by thread.
  public init(
    _ job: Job, into store: ArtifactStore, threads: Int, memory: MemoryBudget = .automatic,
    redoes: Bool = false
  ) throws(JobError) {
    self.job = job
    self.store = store
    self.redoes = redoes
    model = CompiledNetwork(job.network, engine: job.engine)
    let weights = job.network.parameterCount * MemoryLayout<Float>.stride
    let pass = try Self.byteCount(ofPassThrough: model)
    workerCount = try memory.workers(
      wanted: max(1, min(threads, job.scan.items.count)), each: pass + Self.pictureByteCount,
      shared: weights)
    self.threads = max(1, threads)
    room = PictureRoom(
      byteCount: memory.byteCount - weights - workerCount * pass,
      bytesPerPixel: job.manifest.rendering.bytesPerPixel)
    // Plans that wait for their next use may take what ordinary pictures leave, within reason.
    let rest = room.byteCount - workerCount * Self.pictureByteCount
    model.idleByteLimit = min(max(rest, 0), 1 << 30)
  }

  /// What a worker is given for its pictures when workers are counted: enough for 8 million pixels.
  private static let pictureByteCount = 160 << 20

  private static func byteCount(
    ofPassThrough model: CompiledNetwork
  ) throws(JobError) -> Int {
    do throws(NetworkError) {
      return try model.byteCount(
        of: TraceRequest(reading: [.logits], seeding: [.logits], gradients: [.input]),
        batch: model.batchLimit)
    } catch {
      throw JobError(.environment, "the network cannot be run: \(error)")
    }
  }

  /// Works through all pictures. One that fails does not stop the others.
  ///
  /// `report` is called from several threads, never by two at a time. Throws where the run's own files
  /// cannot be written.
  public func run(
    reporting report: @escaping @Sendable (RunEvent) -> Void = { _ in }
  ) async throws(JobError) -> RunSummary {
    do {
      return try await work(reporting: report)
    } catch {
      throw error as? JobError
        ?? JobError(.environment, "output folder '\(store.folder)': \(ArtifactStore.reason(error))")
    }
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
    let sheet = SheetWriter(job: job, store: store, workers: WorkerThreads(count: threads))
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
    // Fewer pictures than cores, or little memory: each picture's passes then share the other cores.
    let cores = min(threads, ProcessInfo.processInfo.activeProcessorCount)
    let workers = WorkerThreads(count: workerCount, width: max(1, cores / workerCount))
    var progress = RunProgress(
      total: items.count, totalMaps: items.reduce(0) { $0 + job.mapCount(ofPath: $1.path) })
    if scales != nil { progress.stage = .drawing }
    let pipeline = ItemPipeline(
      job: job, model: model, easel: Easel(job: job, store: store, scales: scales), room: room,
      purpose: scales == nil ? .making(redoes: redoes) : .drawing,
      progress: ProgressMeter(progress) { report(.progress($0)) })
    return workers.results(of: items) { pipeline.process($0) }
  }
}

/// What is told of a run while it goes on.
public enum RunEvent: Sendable {
  case progress(RunProgress)
  /// A line of the ledger, as it was written.
  case entry(String)
}
