import Foundation
import Training

/// Tells a person how a training goes: a line for each epoch, and one that changes where somebody
/// watches.
struct TrainingDisplay: Sendable {
  let pictures: Int
  let classes: Int
  let parameters: Int

  func begin() {
    Console.writeToError(
      "\(pictures) pictures of \(classes) classes to learn from; a network of \(parameters) weights\n"
    )
  }

  @Sendable func tell(_ event: TrainingEvent) {
    switch event {
    case .skipped(let problem):
      clear()
      Console.failed("\(problem); passed over")
    case .progress(let progress):
      guard Console.isWatched else { return }
      Console.writeToError("\r\u{1B}[K\(Self.text(progress))")
    case .epoch(let record):
      clear()
      Console.writeToError(Self.text(record) + "\n")
    }
  }

  private func clear() { if Console.isWatched { Console.writeToError("\r\u{1B}[K") } }

  /// `epoch 3: loss 0.412, accuracy 87.2 %; validation loss 0.45, accuracy 85.9 %; 2310 pictures/s`
  private static func text(_ record: EpochRecord) -> String {
    "epoch \(record.epoch): loss \(number(record.trainingLoss)), accuracy "
      + "\(TrainCommand.percent(record.trainingAccuracy)); validation loss "
      + "\(number(record.validationLoss)), accuracy "
      + "\(TrainCommand.percent(record.validationAccuracy)); rate \(number(record.rate)), "
      + "\(Int(record.picturesPerSecond.rounded())) pictures/s"
  }

  /// `epoch 3/20 [#####-----] loss 0.412, accuracy 87.2 %, 2310 pictures/s, 2 min left`
  private static func text(_ progress: TrainingProgress) -> String {
    let width = 20
    let filled = width * progress.step / max(progress.steps, 1)
    let bar =
      String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled)
    return "epoch \(progress.epoch)/\(progress.epochs) [\(bar)] loss \(number(progress.loss)), "
      + "accuracy \(TrainCommand.percent(progress.accuracy)), "
      + "\(Int(progress.picturesPerSecond.rounded())) pictures/s, "
      + "\(text(progress.remaining)) left"
  }

  private static func number(_ value: Double) -> String {
    // Three digits that count.
    guard value > 0, value.isFinite else { return "\(value)" }
    let places = max(0, 2 - Int(log10(value).rounded(.down)))
    let scale = pow(10, Double(places))
    return "\((value * scale).rounded() / scale)"
  }

  private static func text(_ duration: Duration) -> String {
    let seconds = duration.components.seconds
    if seconds < 90 { return "\(max(seconds, 1)) s" }
    return seconds < 5400 ? "\((seconds + 30) / 60) min" : "\((seconds + 1800) / 3600) h"
  }
}
