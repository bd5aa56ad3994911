import ArgumentParser
import Foundation
import Jobs
import Synchronization

/// How a run is told of on standard error.
enum LogFormat: String, Sendable, CaseIterable, ExpressibleByArgument {
  /// Sentences, and progress where a person watches.
  case text
  /// An object a line: what happens, as in the ledger, and progress at most once a second.
  case json
}

/// Tells of a run while it goes on.
final class Telling: Sendable {
  private let format: LogFormat
  private let lastProgress = Mutex(ContinuousClock.now - .seconds(1))

  init(format: LogFormat) { self.format = format }

  func tell(_ event: RunEvent) {
    switch (event, format) {
    case (.entry(let line), .json): Console.writeToError(line + "\n")
    case (.entry, .text): break
    case (.progress(let progress), .json): if isDue(progress) { tell(progress) }
    case (.progress(let progress), .text):
      guard Console.isWatched else { return }
      let end = progress.isComplete ? "\n" : ""
      Console.writeToError("\r\u{1B}[K\(progress)\(end)")
    }
  }

  private func isDue(_ progress: RunProgress) -> Bool {
    lastProgress.withLock { last in
      let now = ContinuousClock.now
      guard progress.isComplete || now - last >= .seconds(1) else { return false }
      last = now
      return true
    }
  }

  private func tell(_ progress: RunProgress) {
    struct Line: Encodable {
      let event = "progress"
      let stage: String
      let pictures: Int
      let ofPictures: Int
      let maps: Int
      let ofMaps: Int
      let secondsLeft: Int64?
    }
    Console.writeLine(
      Line(
        stage: progress.stage.rawValue, pictures: progress.done, ofPictures: progress.total,
        maps: progress.doneMaps, ofMaps: progress.totalMaps,
        secondsLeft: progress.isComplete ? 0 : progress.remaining?.components.seconds))
  }
}
