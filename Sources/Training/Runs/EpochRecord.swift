/// What an epoch came to: a line of `history.jsonl`.
public struct EpochRecord: Sendable, Equatable, Codable {
  /// Counted from 1.
  public let epoch: Int
  /// Steps so far.
  public let step: Int
  /// The learning rate of the last step.
  public let rate: Double
  /// Means over the epoch while it was learned, on pictures as they were changed for it.
  public let trainingLoss: Double
  public let trainingAccuracy: Double
  /// On the pictures for validation, with the weights at the epoch's end or their moving average.
  public let validationLoss: Double
  public let validationAccuracy: Double
  /// How long the epoch took, validation included.
  public let seconds: Double
  /// How many pictures were learned from in a second.
  public let picturesPerSecond: Double
}

/// What is told while a network is trained.
public enum TrainingEvent: Sendable {
  /// A picture is passed over.
  case skipped(PictureProblem)
  /// A step is done.
  case progress(TrainingProgress)
  /// An epoch is done.
  case epoch(EpochRecord)
}

/// How far a training has come.
public struct TrainingProgress: Sendable, Equatable {
  /// The epoch that is under way, counted from 1, and all of them.
  public let epoch: Int
  public let epochs: Int
  /// Steps of the epoch that are done, and all of them.
  public let step: Int
  public let steps: Int
  /// Means over the epoch so far.
  public let loss: Double
  public let accuracy: Double
  public let picturesPerSecond: Double
  /// How long the rest of the training will take if it goes on like this.
  public let remaining: Duration
}
