#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The learning rate of each step: up in a line from nothing, down along half a cosine to nothing.
public struct Schedule: Sendable, Equatable {
  /// The largest rate.
  public let peak: Double
  /// Steps until the largest rate.
  public let warmUp: Int
  /// All steps, the warm-up's included.
  public let total: Int

  public init(peak: Double, warmUp: Int, total: Int) {
    self.peak = peak
    self.warmUp = min(warmUp, total)
    self.total = total
  }

  /// The rate of a step, counted from 0.
  public func rate(at step: Int) -> Double {
    if step < warmUp { return peak * Double(step + 1) / Double(warmUp) }
    let share = Double(step - warmUp) / Double(max(total - warmUp, 1))
    return peak * 0.5 * (1 + cos(Double.pi * min(share, 1)))
  }
}
