import Synchronization

/// How far a run has come.
public struct RunProgress: Sendable, Equatable {
  /// What the run is doing.
  public enum Stage: String, Sendable {
    case explaining
    /// Maps of a finished run are measured.
    case measuring
    /// Maps are drawn on the scale that they share.
    case drawing
  }

  public var stage: Stage
  /// Pictures that are done, of how many.
  public var done = 0
  public let total: Int
  /// Maps that were seen to, of how many at most, and how many of them took any time.
  public var doneMaps = 0
  public let totalMaps: Int
  public var madeMaps = 0
  /// Of maps that are being made and take long, how much of them is there, in maps.
  public var partialMaps = 0.0
  /// Since the stage began.
  public var elapsed = Duration.zero

  public init(total: Int, totalMaps: Int, stage: Stage = .explaining) {
    self.stage = stage
    self.total = total
    self.totalMaps = totalMaps
  }

  /// How long the rest of the stage will take if all of it is to be made, and is like what was; nil
  /// before anything was made.
  public var remaining: Duration? {
    let made = Double(madeMaps) + partialMaps
    let left = Double(totalMaps - doneMaps) - partialMaps
    return made > 1e-6 ? elapsed * (max(left, 0) / made) : nil
  }

  public var isComplete: Bool { done == total }
}

extension RunProgress: CustomStringConvertible {
  /// `12/30 pictures, 25/60 maps, about 2 min left`.
  public var description: String {
    var parts = ["\(done)/\(total) pictures\(stage == .drawing ? " drawn" : "")"]
    if totalMaps > total { parts.append("\(doneMaps)/\(totalMaps) maps") }
    if let remaining, !isComplete { parts.append("about \(Self.text(remaining)) left") }
    return parts.joined(separator: ", ")
  }

  private static func text(_ duration: Duration) -> String {
    let seconds = duration.components.seconds
    if seconds < 90 { return "\(max(seconds, 1)) s" }
    return seconds < 5400 ? "\((seconds + 30) / 60) min" : "\((seconds + 1800) / 3600) h"
  }
}

/// Counts what several threads have done, and tells of it in order.
final class ProgressMeter: Sendable {
  private let state: Mutex<RunProgress>
  private let begun = ContinuousClock.now
  private let report: @Sendable (RunProgress) -> Void

  init(_ start: RunProgress, reporting report: @escaping @Sendable (RunProgress) -> Void) {
    state = Mutex(start)
    self.report = report
  }

  /// A part of a map that takes long has been made.
  func addPart(_ part: Double) {
    tell { progress in progress.partialMaps += part }
  }

  /// A map has been made or drawn, of which so much was told before.
  func addMap(parts: Double = 0) {
    tell { progress in
      progress.doneMaps += 1
      progress.madeMaps += 1
      progress.partialMaps -= parts
    }
  }

  /// A picture is done, and with it `maps` that took no time: they were there, or it failed.
  func addPicture(idleMaps maps: Int) {
    tell { progress in
      progress.done += 1
      progress.doneMaps += maps
    }
  }

  private func tell(_ change: (inout RunProgress) -> Void) {
    state.withLock { progress in
      change(&progress)
      progress.elapsed = ContinuousClock.now - begun
      report(progress)
    }
  }
}
