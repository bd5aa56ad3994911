public import Networks
import Tensors

/// A layer's maps, each weighed by the score of the picture seen through it.
///
/// Every channel's map is spread over the picture (linearly between the corners) and scaled to 0...1;
/// the picture shows through where it is 1 and a baseline where it is 0. The softmax over channels of
/// the scores of these pictures gives the weights w_c, and the map is max(0, Σ_c w_c · Aᶜ) at the
/// layer's own resolution `[1, h, w]`. No gradient is asked for. Deterministic. A forward pass for each
/// channel of the layer, and one more.
///
/// Wang et al.: Score-CAM, 2020 (arXiv:1910.01279).
public struct ScoreCAM: Explainer {
  public static let about = MethodDescription(
    name: "score-cam",
    summary: "Maps of a layer, weighted by the score of the picture seen through each.",
    source: "Wang et al.: Score-CAM, 2020 (arXiv:1910.01279)",
    parameters: LayerEvidence.parameters.merging([
      "baseline": "what is seen where a map is low: \(Baseline.names)",
      "score": "what is explained: logit or probability",
    ]) { $1 })

  public var layer = LayerChoice.automatic
  public var baseline = Baseline.black
  public var score = Score.logit

  public init() {}

  public func explain(
    _ question: Question, using model: any DifferentiableClassifier
  ) throws(ExplainerError) -> Explanation {
    let layer = try model.activationLayer(layer, for: Self.about.name).name
    let input = question.subject.input
    let activations = model.trace(input, for: TraceRequest(reading: [layer]))[layer]
    let (channels, height, width) = (
      activations.shape[1], activations.shape[2], activations.shape[3]
    )
    let plane = height * width
    let maps = activations.scalars
    let obscured = Obscured(
      input: input, baseline: baseline.tensor(for: input, seed: question.subject.seed))
    let scores = model.scores(of: score, for: question, at: 0..<channels) { channel in
      let map = maps[channel * plane..<(channel + 1) * plane]
      let spread = CornerInterpolation(
        rows: height, columns: width, height: input.shape[2], width: input.shape[3])
      let values = spread(Array(map))
      let (low, high) = (values.min() ?? 0, values.max() ?? 0)
      return obscured.picture(keeping: values.map { ($0 - low) / (high - low + 1e-8) })
    }
    let weights = Prediction(logits: scores.map { Float($0) }).probabilities
    var sums = [Float](repeating: 0, count: plane)
    // Where all pictures score alike, maps make no difference to the score.
    if let low = scores.min(), let high = scores.max(), high > low {
      for channel in 0..<channels {
        for position in 0..<plane {
          sums[position] += weights[channel] * maps[channel * plane + position]
        }
      }
    }
    return Explanation(
      map: AttributionMap(
        Tensor(sums.map { max($0, 0) }, shape: [1, height, width]), sign: .magnitude),
      diagnostics: Diagnostics(
        notes: ["layer": layer.description], forwardPasses: channels + 1))
  }
}

/// Linear interpolation of a small map to a large one whose corners meet.
struct CornerInterpolation {
  let columns: Int
  private let vertical: [(first: Int, second: Int, part: Float)]
  private let horizontal: [(first: Int, second: Int, part: Float)]

  init(rows: Int, columns: Int, height: Int, width: Int) {
    func axis(_ from: Int, _ to: Int) -> [(first: Int, second: Int, part: Float)] {
      (0..<to).map { index in
        let place = to > 1 ? Float(index) * Float(from - 1) / Float(to - 1) : 0
        let first = min(Int(place), from - 1)
        return (first, min(first + 1, from - 1), place - Float(first))
      }
    }
    self.columns = columns
    vertical = axis(rows, height)
    horizontal = axis(columns, width)
  }

  /// `[rows · columns]` → `[height · width]`
  func callAsFunction(_ map: [Float]) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(vertical.count * horizontal.count)
    for y in vertical {
      let (upper, lower) = (y.first * columns, y.second * columns)
      for x in horizontal {
        let above = map[upper + x.first] + x.part * (map[upper + x.second] - map[upper + x.first])
        let below = map[lower + x.first] + x.part * (map[lower + x.second] - map[lower + x.first])
        result.append(above + y.part * (below - above))
      }
    }
    return result
  }
}
