/// Whose guided feature inversion is run.
public enum InversionProfile: String, NamedOption {
  /// Ours: well posed, and run until it has converged.
  case tidemark
  /// As the paper says.
  case paper
  /// As the authors' program does it.
  case authorsCode = "authors-code"

  /// How weights of channels become a mask.
  var form: MaskModel.Form { self == .authorsCode ? .enlargedThenScaled : .scaledThenEnlarged }
}

/// What the published profiles fix.
struct PublishedSchedule {
  let inversionSteps: Int
  let steps: Int
  /// Factors of the penalties in the first and the second stage.
  let inversionPenalty: Double
  let penalty: Double
  /// Whether the penalty is Σ w², rather than Σ |w|.
  let penalizesSquares: Bool
  /// Whether the inversion loss is taken relative to ‖f(x)‖².
  let invertsRelatively: Bool
  /// Whether rate and moments go on from the first stage to the second. The rate is halved every ten
  /// steps: of the second stage, or of both.
  let isContinuous: Bool

  /// Algorithms 1 and 2 of the paper.
  static let paper = PublishedSchedule(
    inversionSteps: 10, steps: 70, inversionPenalty: 10, penalty: 1, penalizesSquares: false,
    invertsRelatively: false, isContinuous: false)

  static let authorsCode = PublishedSchedule(
    inversionSteps: 11, steps: 69, inversionPenalty: 5, penalty: 2, penalizesSquares: true,
    invertsRelatively: true, isContinuous: true)

  static let firstWeight = 0.1
  static let rate = 0.01
}
