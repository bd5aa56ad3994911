import Testing

@testable import Training

struct DataSplitTests {
  private func data(_ counts: [Int]) throws -> DataSet {
    let examples = counts.enumerated().flatMap { label, count in
      (0..<count).map { DataSet.Example(name: "\(label)/\($0).png", label: label, part: nil) }
    }
    return try DataSet(
      labels: counts.indices.map { "\($0)" }, examples: examples,
      source: .files(examples.map(\.name)), from: "here")
  }

  private func counts(_ split: DataSplit, _ data: DataSet) -> [Int] {
    split.validation.reduce(into: data.labels.map { _ in 0 }) { $0[data.examples[$1].label] += 1 }
  }

  @Test func `each class gives its part, and all together the number asked for`() throws {
    let data = try data([100, 55, 7, 3])
    let split = try DataSplit(data, validation: .count(20), seed: 1)
    #expect(split.validation.count == 20)
    #expect(Set(split.validation).isDisjoint(with: split.training))
    #expect(split.training.count + split.validation.count == 165)
    #expect(counts(split, data) == [12, 6, 1, 1])
    let share = try DataSplit(data, validation: .share(0.2), seed: 1)
    #expect(share.validation.count == 33)
  }

  @Test func `the same seed chooses the same pictures, another seed others`() throws {
    let data = try data([40, 40])
    func validation(_ seed: UInt64) throws -> [Int] {
      try DataSplit(data, validation: .share(0.25), seed: seed).validation
    }
    #expect(try validation(3) == validation(3))
    #expect(try validation(3) != validation(4))
  }

  @Test func `a picture stays on its side when a class grows`() throws {
    let small = try DataSplit(try data([40, 40]), validation: .count(20), seed: 3)
    let large = try DataSplit(try data([40, 44]), validation: .count(21), seed: 3)
    // Pictures of the first class have the same positions in both.
    #expect(small.validation.filter { $0 < 40 } == large.validation.filter { $0 < 40 })
  }

  @Test func `what leaves nothing to learn from is refused`() throws {
    #expect(throws: TrainingError.self) {
      try DataSplit(try data([5, 1]), validation: .share(0.2), seed: 0)
    }
    #expect(throws: TrainingError.self) {
      try DataSplit(try data([5, 5]), validation: .count(10), seed: 0)
    }
  }
}
