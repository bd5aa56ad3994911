public import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The loss −Σ wₖ tₖ log softmax(z)ₖ, averaged over a batch, with targets smoothed and classes
/// weighted.
///
/// Computed from the scores directly, so that it stays exact where the softmax saturates.
public struct CrossEntropy: Sendable, Equatable {
  /// The share of every target that is spread evenly over all classes, 0..<1.
  public var smoothing: Float
  /// A factor for each class, or empty for none.
  public var classWeights: [Float]

  public init(smoothing: Float = 0, classWeights: [Float] = []) {
    self.smoothing = smoothing
    self.classWeights = classWeights
  }

  /// What the loss says of a batch.
  public struct Value: Sendable, Equatable {
    /// The mean over the batch, in nats.
    public let loss: Double
    /// Derivatives of the mean by the scores, `[N, K]`.
    public let gradient: Tensor
    /// Positions of the largest scores.
    public let predictions: [Int]
  }

  /// - Parameters:
  ///   - logits: scores `[N, K]`.
  ///   - targets: the shares of the classes, `[N, K]`; each row adds up to 1.
  public func value(_ logits: Tensor, targets: Tensor) -> Value {
    precondition(
      logits.shape == targets.shape && logits.shape.rank == 2,
      "scores \(logits.shape) and targets \(targets.shape) are to be [N, K]")
    let (count, classes) = (logits.shape[0], logits.shape[1])
    precondition(
      classWeights.isEmpty || classWeights.count == classes,
      "\(classWeights.count) weights for \(classes) classes")
    var loss = 0.0
    var predictions: [Int] = []
    let gradient = Tensor(shape: logits.shape) { gradient in
      logits.withScalars { scores in
        targets.withScalars { targets in
          for item in 0..<count {
            let start = item * classes
            var best = 0
            for k in 1..<classes where scores[start + k] > scores[start + best] { best = k }
            predictions.append(best)
            let top = Double(scores[start + best])
            var sum = 0.0
            for k in 0..<classes { sum += exp(Double(scores[start + k]) - top) }
            let total = top + log(sum)
            var weightSum = 0.0
            func target(_ k: Int) -> Double {
              let share = Double(smoothing) / Double(classes)
              let smooth = (1 - Double(smoothing)) * Double(targets[start + k]) + share
              return smooth * (classWeights.isEmpty ? 1 : Double(classWeights[k]))
            }
            for k in 0..<classes {
              let weight = target(k)
              weightSum += weight
              loss -= weight * (Double(scores[start + k]) - total)
            }
            for k in 0..<classes {
              let probability = exp(Double(scores[start + k]) - total)
              gradient.initializeElement(
                at: start + k, to: Float((weightSum * probability - target(k)) / Double(count)))
            }
          }
        }
      }
    }
    return Value(loss: loss / Double(count), gradient: gradient, predictions: predictions)
  }
}
