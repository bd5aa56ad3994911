import Tensors

/// How a classifier is smoothed: its scores are averaged over noisy copies of the picture.
public struct Smoothing: Sendable, Hashable, Codable {
  /// What is averaged.
  public enum Mean: String, Sendable, Hashable, Codable, CaseIterable {
    /// Scores before the softmax. Then the gradient of every score is the mean of its gradients, as the
    /// convolution with a Gaussian has it, and no copy's vote fades where its softmax saturates.
    case logits
    /// Probabilities, whose logarithms are the new scores: nearer to a vote of the copies.
    case probabilities
  }

  /// The noise's deviation, in pixel units: pixels are 0...1. Above 0.
  public var deviation: Double
  /// Copies, at least 1.
  public var samples: Int
  public var mean: Mean

  /// Throws for values out of range.
  public init(
    deviation: Double, samples: Int = 64, mean: Mean = .logits
  ) throws(NetworkError) {
    guard deviation > 0, deviation <= 10 else {
      throw .smoothing("a deviation of \(deviation) is not above 0, at most 10")
    }
    guard (1...100_000).contains(samples) else {
      throw .smoothing("\(samples) copies are not 1...100000")
    }
    self.deviation = deviation
    self.samples = samples
    self.mean = mean
  }

  private enum Key: String, CodingKey { case deviation, samples, mean }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    try self.init(
      deviation: try values.decode(Double.self, forKey: .deviation),
      samples: try values.decode(Int.self, forKey: .samples),
      mean: try values.decode(Mean.self, forKey: .mean))
  }
}

/// What a picture's random numbers are used for here. No other use of its seed sees the same ones.
enum SmoothingStream {
  static let copies: UInt32 = 0x50
  static let selection: UInt32 = 0x51
  static let estimation: UInt32 = 0x52
  static let prediction: UInt32 = 0x53
}
