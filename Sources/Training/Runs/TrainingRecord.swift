import Foundation
public import Networks

/// What a trained network's file tells of how it was made: the same for the same training, so that
/// equal trainings leave equal files.
public struct TrainingRecord: Sendable, Equatable, Codable {
  /// The program and its version.
  public var program: String
  /// What computed.
  public var engine: String
  public var threads: Int
  /// `plain, width 32, depth 4`, or the model that it was begun with.
  public var network: String
  public var settings: TrainingSettings
  public var trainingPictures: Int
  public var validationPictures: Int
  /// Epochs that were gone through, and the one whose weights these are.
  public var epochs: Int
  public var chosenEpoch: Int
  public var validationLoss: Double
  public var validationAccuracy: Double

  public init(
    program: String, engine: String, threads: Int, network: String, settings: TrainingSettings,
    trainingPictures: Int, validationPictures: Int, epochs: Int, chosenEpoch: Int,
    validation: Evaluation
  ) {
    self.program = program
    self.engine = engine
    self.threads = threads
    self.network = network
    self.settings = settings.complete
    self.trainingPictures = trainingPictures
    self.validationPictures = validationPictures
    self.epochs = epochs
    self.chosenEpoch = chosenEpoch
    validationLoss = validation.loss
    validationAccuracy = validation.accuracy
  }
}

/// What goes into a model's file beside the network, so that it needs no words to be used.
public enum ModelMetadata {
  /// The key of the preprocessing, JSON as `--preprocess` reads it.
  public static let preprocessing = "preprocessing"
  /// The key of the training record.
  public static let training = "training"

  /// Texts for `Network.write(onnx:metadata:)`.
  public static func texts(
    preprocessing: Preprocessing, training: TrainingRecord
  ) throws -> [String: String] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return [
      Self.preprocessing: String(decoding: try encoder.encode(preprocessing), as: UTF8.self),
      Self.training: String(decoding: try encoder.encode(training), as: UTF8.self),
    ]
  }
}
