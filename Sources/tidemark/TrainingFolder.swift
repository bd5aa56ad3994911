import Foundation
import ImageCodecs
import Imaging
import Jobs
import Networks
import Rendering
import Synchronization
import Training

/// What a training leaves beside its model, in a folder of the model's name.
struct TrainingFolder: Sendable {
  let path: String
  private let store: ArtifactStore

  /// - Parameter model: a path that ends in `.onnx`.
  init(model: String) throws(JobError) {
    path = "\(model.dropLast(".onnx".count)).training"
    store = try ArtifactStore(folder: path)
  }

  var checkpoint: String { "\(path)/checkpoint.safetensors" }

  func removeCheckpoint() { try? FileManager.default.removeItem(atPath: checkpoint) }

  /// Writes which picture is for what, as a table that can be trained on again.
  func write(_ split: DataSplit, of data: DataSet) throws(JobError) {
    var lines = CSV.line(["path", "label", "split"])
    let validation = Set(split.validation)
    for (index, example) in data.examples.enumerated() {
      lines += CSV.line([
        example.name, data.labels[example.label], validation.contains(index) ? "val" : "train",
      ])
    }
    try store.write(lines.utf8, named: "split.csv")
  }

  /// Writes what epochs came to, and the chart of it.
  func write(_ history: [EpochRecord]) throws(JobError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let lines = history.compactMap { try? encoder.encode($0) }
    try store.write(lines.flatMap { $0 + Data("\n".utf8) }, named: "history.jsonl")
    let size = PixelSize(width: 900, height: 420)
    try write(Self.learningCurve(history), size: size, to: "learning-curve.png")
  }

  /// As `write`, for the middle of a training, which a full disk should not end.
  func tryToWrite(_ history: [EpochRecord]) {
    do {
      try write(history)
    } catch {
      Console.note("\(error)")
    }
  }

  func write(_ evaluation: Evaluation, classes: [String]) throws(JobError) {
    let side = min(max(320 + 34 * classes.count, 420), 2400)
    let chart = Chart.confusionMatrix(
      evaluation.confusion, classes: classes,
      title: "\(TrainCommand.percent(evaluation.accuracy)) of \(evaluation.count) pictures for "
        + "validation")
    try write(chart, size: PixelSize(width: side + 90, height: side), to: "confusion-matrix.png")
  }

  private func write(_ chart: Chart, size: PixelSize, to name: String) throws(JobError) {
    do {
      let picture = chart.rendered(size: size)
      try store.write(
        try PNGCodec.encode(picture, text: [(keyword: "Tidemark", text: "training")]), named: name)
    } catch let error as JobError {
      throw error
    } catch {
      throw JobError(.environment, "\(path)/\(name) cannot be drawn: \(error)")
    }
  }

  /// Losses, and errors rather than accuracies, so that all lines fall.
  private static func learningCurve(_ history: [EpochRecord]) -> Chart {
    func line(
      _ name: String, _ color: Color, dash: [Double] = [], _ value: (EpochRecord) -> Double
    ) -> ChartSeries {
      .line(
        name, history.map { Point(x: Double($0.epoch), y: value($0)) }, color: color, dash: dash)
    }
    let (blue, orange) = (Chart.palette[0], Chart.palette[1])
    return Chart(
      x: ChartAxis("epoch"), y: ChartAxis("loss (nats) and share of errors"),
      series: [
        line("loss, learning", blue, dash: [4, 3]) { $0.trainingLoss },
        line("loss, validation", blue) { $0.validationLoss },
        line("errors, learning", orange, dash: [4, 3]) { 1 - $0.trainingAccuracy },
        line("errors, validation", orange) { 1 - $0.validationAccuracy },
      ])
  }
}

/// Collects epochs from whichever thread tells of them.
final class HistoryKeeper: Sendable {
  private let records: Mutex<[EpochRecord]>

  init(_ records: [EpochRecord]) { self.records = Mutex(records) }

  func adding(_ record: EpochRecord) -> [EpochRecord] {
    records.withLock { records in
      records.append(record)
      return records
    }
  }
}
