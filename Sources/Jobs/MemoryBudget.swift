import Foundation

/// How much memory a job may take, and so how many plans may run side by side.
public struct MemoryBudget: Sendable, Equatable {
  public let byteCount: Int

  public init(byteCount: Int) { self.byteCount = byteCount }

  /// Half of what the machine has.
  public static var automatic: MemoryBudget {
    MemoryBudget(byteCount: Int(clamping: ProcessInfo.processInfo.physicalMemory / 2))
  }

  /// Reads `2G`, `512M`, `800K` or a number of bytes (powers of 1024); nil for anything else.
  public init?(_ text: String) {
    let shifts: [Character: Int] = ["K": 10, "M": 20, "G": 30, "T": 40]
    let upper = text.uppercased()
    let digits = upper.last.map { shifts[$0] == nil ? upper[...] : upper.dropLast() } ?? ""
    let shift = upper.last.flatMap { shifts[$0] } ?? 0
    guard let count = Double(digits), count > 0, digits.allSatisfy({ $0.isNumber || $0 == "." })
    else { return nil }
    let bytes = (count * Double(1 << shift)).rounded()
    guard bytes >= 1, bytes < Double(1 << 62) else { return nil }
    byteCount = Int(bytes)
  }

  /// How many workers fit, at most `wanted`, when each takes `each` bytes beside what all share.
  /// Throws when not even one does.
  func workers(wanted: Int, each: Int, shared: Int) throws(JobError) -> Int {
    let fitting = (byteCount - shared) / max(each, 1)
    guard byteCount > shared, fitting >= 1 else {
      throw JobError(
        .request,
        "one pass of this network takes \(Self.text(shared + each)) with its weights and room for a "
          + "picture, but --memory allows \(Self.text(byteCount)); allow more")
    }
    return min(wanted, fitting)
  }

  /// `1.5 GB`-like text, in powers of 1024 as the option is read.
  static func text(_ bytes: Int) -> String {
    bytes < 1 << 30
      ? "\((bytes + (1 << 20) - 1) >> 20)M"
      : "\((Double(bytes) / Double(1 << 30) * 10).rounded(.up) / 10)G"
  }
}
