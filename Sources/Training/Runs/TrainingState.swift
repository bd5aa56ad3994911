import Foundation
import Networks
import Tensors

/// Where a training stands: everything that the rest of it depends on, beside data and settings.
struct TrainingState {
  /// The epoch that is under way, counted from 0.
  var epoch = 0
  /// How far into the epoch's order.
  var position = 0
  /// Steps so far.
  var step = 0
  /// Sums over the epoch so far.
  var lossSum = 0.0
  var rightCount = 0
  var count = 0
  /// The last rate.
  var rate = 0.0
  var seconds = 0.0
  var history: [EpochRecord] = []
  var values: [Float]
  var statistics: [Float]
  var moments: [Float]
  var average: MovingAverage?
  /// What a coupling bound goes on from; empty without one.
  var directions: [Float]
  var best: Best?

  /// The weights of the epoch with the smallest loss in validation.
  struct Best {
    var epoch: Int
    var loss: Double
    var values: [Float]
    var statistics: [Float]
  }

  /// Begins an epoch.
  mutating func beginEpoch(_ epoch: Int) {
    self.epoch = epoch
    (position, lossSum, rightCount, count, seconds) = (0, 0, 0, 0, 0)
  }
}

/// A training's state as a file.
extension TrainingState {
  private struct Numbers: Codable {
    let epoch, position, step, rightCount, count: Int
    let lossSum, rate, seconds: Double
    let history: [EpochRecord]
    let bestEpoch: Int?
    let bestLoss: Double?
  }

  /// - Parameter plan: what the training is of; `init(_:of:)` compares it.
  func checkpoint(of plan: TrainingPlan) throws -> Safetensors {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    func text(_ value: some Encodable) throws -> String {
      String(decoding: try encoder.encode(value), as: UTF8.self)
    }
    var file = Safetensors()
    file.metadata["format"] = "tidemark training 1"
    file.metadata["plan"] = try text(plan)
    file.metadata["state"] = try text(
      Numbers(
        epoch: epoch, position: position, step: step, rightCount: rightCount, count: count,
        lossSum: lossSum, rate: rate, seconds: seconds, history: history, bestEpoch: best?.epoch,
        bestLoss: best?.loss))
    func add(_ name: String, _ values: [Float]?) {
      file.tensors[name] = values.map { Tensor($0, shape: [$0.count]) }
    }
    add("values", values)
    add("statistics", statistics)
    add("moments", moments)
    if !directions.isEmpty {
      add("directions", directions)
      add("average.directions", average?.directions)
    }
    add("average.values", average?.values)
    add("average.statistics", average?.statistics)
    add("best.values", best?.values)
    add("best.statistics", best?.statistics)
    return file
  }

  /// Throws for a file that belongs to another training.
  init(_ file: Safetensors, of plan: TrainingPlan, at path: String) throws(TrainingError) {
    let decoder = JSONDecoder()
    func decoded<T: Decodable>(_ type: T.Type, _ key: String) throws(TrainingError) -> T {
      guard let text = file.metadata[key],
        let value = try? decoder.decode(type, from: Data(text.utf8))
      else {
        throw TrainingError(
          .environment, "\(path): is no checkpoint of a training that can be gone on with")
      }
      return value
    }
    let other = try decoded(TrainingPlan.self, "plan")
    if let difference = plan.difference(from: other) {
      throw TrainingError(
        .request,
        "\(path): is of a training with \(difference); go on with the command it was begun with, or "
          + "leave out --resume to begin anew")
    }
    let numbers = try decoded(Numbers.self, "state")
    func floats(_ name: String, count: Int) throws(TrainingError) -> [Float] {
      guard let tensor = file.tensors[name], tensor.count == count else {
        throw TrainingError(
          .environment, "\(path): is damaged: '\(name)' is not of \(count) numbers")
      }
      return tensor.scalars
    }
    let (valueCount, statisticCount) = (plan.valueCount, plan.statisticCount)
    values = try floats("values", count: valueCount)
    statistics = try floats("statistics", count: statisticCount)
    moments = try floats(
      "moments", count: valueCount * plan.settings.optimizer.momentCount)
    let directionCount = plan.directionCount
    directions = directionCount > 0 ? try floats("directions", count: directionCount) : []
    if plan.settings.averaging > 0 {
      average = MovingAverage(
        decay: plan.settings.averaging,
        values: try floats("average.values", count: valueCount),
        statistics: try floats("average.statistics", count: statisticCount),
        directions: directionCount > 0
          ? try floats("average.directions", count: directionCount) : [])
    }
    if let epoch = numbers.bestEpoch, let loss = numbers.bestLoss {
      best = Best(
        epoch: epoch, loss: loss, values: try floats("best.values", count: valueCount),
        statistics: try floats("best.statistics", count: statisticCount))
    }
    (epoch, position, step) = (numbers.epoch, numbers.position, numbers.step)
    (lossSum, rightCount, count) = (numbers.lossSum, numbers.rightCount, numbers.count)
    (rate, seconds, history) = (numbers.rate, numbers.seconds, numbers.history)
    guard (0...plan.settings.epochs).contains(epoch), position >= 0, step >= 0 else {
      throw TrainingError(.environment, "\(path): is damaged: epoch \(epoch) is not possible")
    }
  }
}
