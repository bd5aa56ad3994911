public import Explanations
public import Networks
import Tensors

/// Independent random values, evenly spread over 0..<1 and keyed by the subject's seed: what chance
/// does.
///
/// The map is `[1, H, W]`. The network is not asked.
public struct RandomMap: Explainer {
  public static let about = MethodDescription(
    name: "random-map", summary: "Random values: what chance does.", source: "control")

  public init() {}

  public func explain(_ question: Question, using model: any Classifier) -> Explanation {
    let subject = question.subject
    let random = CounterRandom(seed: subject.seed, stream: MeasureStream.controls)
    let shape: Shape = [1, subject.input.shape[2], subject.input.shape[3]]
    return Explanation(
      map: AttributionMap(random.uniform(shape, sample: 0), sign: .magnitude))
  }
}
