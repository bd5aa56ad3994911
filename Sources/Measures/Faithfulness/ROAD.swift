public import Explanations
import Tensors

/// What the score loses when the map's strongest positions are taken away, against its weakest: the
/// mean over p of f(without the weakest p) − f(without the strongest p), p = 10 %, 20 % … 90 % of
/// the positions.
///
/// What is taken away is guessed from around it, each position the weighted mean of its neighbours
/// and a little noise, so that the shape of what is missing tells the network as little as
/// possible. The difference of both orders leaves out what the guessing itself does: a map that
/// knows nothing is at 0. The series `strongest` and `weakest` have the scores without either.
/// Positions of one value come in a random order keyed by the subject's seed. 18 forward passes,
/// and as many systems of equations.
///
/// Rong, Leemann, Borisov, Kasneci, Kasneci: A Consistent and Efficient Evaluation Strategy for
/// Attribution Methods, 2022 (arXiv:2202.00449). Both orders together are as in pytorch-grad-cam,
/// which halves the difference.
public struct ROAD: Measure {
  public static let about = MeasureDescription(
    name: "road", group: .faithfulness,
    summary: "Score without the weakest positions less that without the strongest.",
    source: "Rong et al.: A Consistent and Efficient Evaluation Strategy for Attribution Methods, "
      + "2022 (arXiv:2202.00449)",
    better: .higher, range: "-1...1, of the probability; 0 by chance", needs: [.scores],
    parameters: [
      "noise": "deviation of the noise on guessed positions, in brightness 0...1",
      "ranking": "what ranks positions: \(Ranking.names)",
      "score": "what is followed: logit or probability",
    ])

  public var noise = 0.01
  public var ranking = Ranking.value
  public var score = Score.probability

  public init() {}

  /// The parts of the positions that are taken away.
  static let parts = (1...9).map { Double($0) / 10 }

  public func validate() throws(ExplainerError) {
    guard noise >= 0, noise <= 1 else {
      throw .invalidParameter(
        method: Self.about.name, parameter: "noise", reason: "must be 0...1, found \(noise)")
    }
  }

  public func measure(_ measured: MeasuredCase) -> MeasuredValue {
    let order = measured.order(by: ranking)
    let random = CounterRandom(seed: measured.seed, stream: MeasureStream.imputation)
    let imputation = LinearImputation(of: measured.input)
    let levels = Self.parts.count
    // For each part first without the strongest, then without the weakest.
    let scores = measured.scores(of: score, count: 2 * levels) { index in
      let size = Int((Self.parts[index % levels] * Double(order.count)).rounded())
      let missing = index < levels ? order.prefix(size) : order.suffix(size)
      var picture = imputation.picture(without: missing)
      guard noise > 0 else { return picture }
      let draws = random.normal(picture.shape, sample: index)
      picture.withMutableScalars { target in
        draws.withScalars { draws in
          for place in missing {
            for scalar in stride(from: place, to: target.count, by: order.count) {
              target[scalar] += Float(noise) * draws[scalar]
            }
          }
        }
      }
      return picture
    }
    let (strongest, weakest) = (Array(scores[..<levels]), Array(scores[levels...]))
    let difference = zip(weakest, strongest).reduce(0) { $0 + $1.0 - $1.1 }
    return MeasuredValue(
      difference / Double(levels), series: ["strongest": strongest, "weakest": weakest])
  }
}
