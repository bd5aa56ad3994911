/// Boxes found with a threshold that other pictures chose.
///
/// The pictures are cut in halves by a hash of their names. The multiple of the mean with the most
/// successes (an overlap above 0.5) on one half, the larger mean overlap deciding between equals
/// and then the smaller multiple, judges the other half, and the other way round. So no picture
/// takes part in choosing the threshold that it is judged by.
public struct TunedLocalization: Sendable, Equatable {
  /// How one picture fared under the multiple that the other half chose.
  public struct Result: Sendable, Equatable {
    public let picture: String
    public let multiple: Double
    public let overlap: Double

    /// Whether the overlap is above 0.5.
    public var isSuccess: Bool { overlap > 0.5 }
  }

  /// In the order of the pictures given.
  public let results: [Result]
  /// The multiples that the first and the second half were judged by.
  public let multiples: (first: Double, second: Double)

  /// Part of the pictures with a success.
  public var successRate: Double {
    Double(results.count { $0.isSuccess }) / Double(results.count)
  }

  /// The mean overlap.
  public var meanOverlap: Double {
    results.reduce(0) { $0 + $1.overlap } / Double(results.count)
  }

  /// Nil unless each half has a picture.
  ///
  /// - Parameter profiles: for each picture its name, which must not depend on where it lies or
  ///   what else there is, and the series `iou` of `LocalizationIoU`.
  public init?(_ profiles: [(picture: String, overlaps: [Double])]) {
    let multiples = LocalizationIoU.multiples
    precondition(
      profiles.allSatisfy { $0.overlaps.count == multiples.count },
      "profiles over \(multiples.count) multiples")
    let halves = profiles.map { Self.half(of: $0.picture) }
    func best(_ half: Int) -> Int? {
      let members = profiles.indices.filter { halves[$0] == half }
      guard !members.isEmpty else { return nil }
      func merit(_ index: Int) -> (Double, Double, Int) {
        let overlaps = members.map { profiles[$0].overlaps[index] }
        return (Double(overlaps.count { $0 > 0.5 }), overlaps.reduce(0, +), -index)
      }
      return multiples.indices.max { merit($0) < merit($1) }
    }
    guard let first = best(0), let second = best(1) else { return nil }
    self.multiples = (multiples[second], multiples[first])
    results = profiles.indices.map { index in
      let choice = halves[index] == 0 ? second : first
      return Result(
        picture: profiles[index].picture, multiple: multiples[choice],
        overlap: profiles[index].overlaps[choice])
    }
  }

  /// 0 or 1 for a picture's name: FNV-1a, and a mix of its bits so that the last one hangs on all.
  static func half(of name: String) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
    hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
    return Int((hash ^ hash >> 33) & 1)
  }

  public static func == (a: Self, b: Self) -> Bool {
    a.results == b.results && a.multiples == b.multiples
  }
}
