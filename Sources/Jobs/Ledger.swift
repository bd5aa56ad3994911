import Foundation

/// What happened in a run, as lines of JSON, appended as it happens.
///
/// The only file of a run that holds times. It is a report to people: whether something is done is told
/// by the sidecars.
actor Ledger {
  static let name = "ledger.jsonl"

  private struct Line: Encodable {
    var event: String
    var time: String
    var path: String?
    var method: String?
    var target: String?
    var key: String?
    var seconds: Double?
    var kind: String?
    var reason: String?
    var counts: [String: Int]?
  }

  private let handle: FileHandle
  private let listener: @Sendable (String) -> Void

  /// Opens the ledger for appending. A line that an earlier run left unfinished is ended first.
  ///
  /// - Parameter listener: hears every line, without its end.
  init(
    in store: ArtifactStore, telling listener: @escaping @Sendable (String) -> Void = { _ in }
  ) throws(JobError) {
    self.listener = listener
    do {
      let path = try store.location(of: Self.name)
      if !store.exists(Self.name) { try store.write([], to: Self.name) }
      guard let handle = FileHandle(forUpdatingAtPath: path) else {
        throw StoreError("'\(path)' cannot be opened")
      }
      self.handle = handle
      let end = try handle.seekToEnd()
      if end > 0 {
        try handle.seek(toOffset: end - 1)
        if try handle.readToEnd() != Data("\n".utf8) {
          try handle.write(contentsOf: Data("\n".utf8))
        }
      }
    } catch {
      throw JobError(
        .environment, "the ledger cannot be written: \(ArtifactStore.reason(error))")
    }
  }

  func begin(_ counts: [String: Int]) throws {
    try append(Line(event: "begin", time: now, counts: counts))
  }

  func end(_ counts: [String: Int]) throws {
    try append(Line(event: "end", time: now, counts: counts))
  }

  func append(_ failure: MapFailure) throws {
    try append(
      Line(
        event: "failed", time: now, path: failure.path, method: failure.method,
        target: failure.target, kind: failure.kind.rawValue, reason: failure.reason))
  }

  func append(_ outcome: ItemOutcome, withUnchanged: Bool = true) throws {
    for map in outcome.maps {
      switch map {
      case .failed(let failure): try append(failure)
      case .unchanged(let record) where withUnchanged: try append(line("unchanged", record))
      case .unchanged: break
      case .redrawn(let record): try append(line("redrawn", record))
      case .finished(let record, let seconds):
        var line = line("finished", record)
        line.seconds = (seconds * 1000).rounded() / 1000
        try append(line)
      }
    }
  }

  private func line(_ event: String, _ record: MapRecord) -> Line {
    Line(
      event: event, time: now, path: record.input.path, method: record.request.method.name,
      target: record.request.target, key: record.key.description)
  }

  private var now: String { Date().formatted(.iso8601) }

  private func append(_ line: Line) throws {
    let text = try JSONText.line(line)
    try handle.seekToEnd()
    try handle.write(contentsOf: text + Data("\n".utf8))
    listener(String(decoding: text, as: UTF8.self))
  }
}
