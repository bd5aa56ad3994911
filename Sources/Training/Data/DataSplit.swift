import Tensors

/// Which pictures are learned from, and which are only asked.
public struct DataSplit: Sendable, Equatable {
  /// Positions among the examples, in their order.
  public let training: [Int]
  public let validation: [Int]

  /// How much of the data is for validation.
  public enum Size: Sendable, Equatable, CustomStringConvertible {
    case share(Double)
    case count(Int)

    /// `0.1`, or `500`.
    public init?(_ text: String) {
      if let count = Int(text), count >= 1 {
        self = .count(count)
      } else if let share = Double(text), share > 0, share < 1 {
        self = .share(share)
      } else {
        return nil
      }
    }

    public var description: String {
      switch self {
      case .share(let share): "\(share)"
      case .count(let count): "\(count)"
      }
    }
  }

  /// As the data say, where they do; else as many of each class as its share, at least one, chosen by
  /// the seed and the picture's name: a picture stays on its side when others come or go, as far as
  /// the counts allow.
  ///
  /// Throws where a class would be left without a picture to learn from.
  public init(_ data: DataSet, validation size: Size, seed: UInt64) throws(TrainingError) {
    guard data.examples.allSatisfy({ $0.part == nil }) else {
      training = data.examples.indices.filter { data.examples[$0].part == .training }
      validation = data.examples.indices.filter { data.examples[$0].part == .validation }
      return
    }
    let total = data.examples.count
    let wanted =
      switch size {
      case .share(let share): Int((Double(total) * share).rounded())
      case .count(let count): count
      }
    guard wanted < total else {
      throw TrainingError(
        .request,
        "--validation: expected fewer than the \(total) pictures there are, found \(wanted)")
    }
    var classes = [[Int]](repeating: [], count: data.labels.count)
    for (index, example) in data.examples.enumerated() { classes[example.label].append(index) }
    if let small = classes.indices.first(where: { classes[$0].count < 2 }) {
      throw TrainingError(
        .environment,
        "the class '\(data.labels[small])' has one picture only; every class needs one to learn from "
          + "and one for validation")
    }
    let counts = Self.counts(classes.map(\.count), wanted: wanted)
    var validation: Set<Int> = []
    for (members, count) in zip(classes, counts) {
      let ranked = members.map { (Self.rank(data.examples[$0].name, seed: seed), $0) }
      validation.formUnion(ranked.sorted { $0 < $1 }.prefix(count).map(\.1))
    }
    training = data.examples.indices.filter { !validation.contains($0) }
    self.validation = validation.sorted()
  }

  /// Shares of `wanted` in proportion, rounded by the largest remainder; each at least 1 and at most
  /// one less than there are.
  private static func counts(_ sizes: [Int], wanted: Int) -> [Int] {
    let total = sizes.reduce(0, +)
    var counts = sizes.map { min(max($0 * wanted / total, 1), $0 - 1) }
    let order = sizes.indices.sorted {
      (-(sizes[$0] * wanted % total), $0) < (-(sizes[$1] * wanted % total), $1)
    }
    var left = wanted - counts.reduce(0, +)
    while left > 0 {
      let before = left
      for index in order where left > 0 && counts[index] < sizes[index] - 1 {
        counts[index] += 1
        left -= 1
      }
      if left == before { break }
    }
    return counts
  }

  /// A number that depends on nothing but name and seed (FNV-1a, then Philox).
  private static func rank(_ name: String, seed: UInt64) -> UInt64 {
    let hash = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3
    }
    var sequence = CounterRandom(seed: seed, stream: RandomStream.split.rawValue)
      .sequence(sample: Int(hash >> 1))
    return sequence.next()
  }
}

/// What random numbers of a training are for, so that no two uses share any.
enum RandomStream: UInt32, Sendable {
  case split = 0x7261_0000
  case order, augmentation, mixing, noise, weights, attack, plane, directions
}
