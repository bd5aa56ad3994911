/// How far a run has come.
public struct RunProgress: Sendable, Equatable {
  /// Pictures that are done, of how many.
  public let done: Int
  public let total: Int
  /// Since the run began.
  public let elapsed: Duration

  public init(done: Int, total: Int, elapsed: Duration) {
    self.done = done
    self.total = total
    self.elapsed = elapsed
  }

  /// How long the rest will take if it is like what was done; nil before anything was done.
  public var remaining: Duration? {
    done > 0 ? elapsed * (total - done) / done : nil
  }
}

extension RunProgress: CustomStringConvertible {
  /// `12/30 pictures, about 2 min left`.
  public var description: String {
    let left = remaining.flatMap { done < total ? ", about \(Self.text($0)) left" : nil }
    return "\(done)/\(total) pictures" + (left ?? "")
  }

  private static func text(_ duration: Duration) -> String {
    let seconds = duration.components.seconds
    if seconds < 90 { return "\(max(seconds, 1)) s" }
    return seconds < 5400 ? "\((seconds + 30) / 60) min" : "\((seconds + 1800) / 3600) h"
  }
}
