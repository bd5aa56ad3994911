public import Explanations
public import Imaging
public import Networks
import Synchronization
import Tensors

/// One map and all that a measure may want to know about it.
///
/// What several measures of a case need is worked out once and kept with it, so hand the same case
/// to all of them, and let it go when they are done.
public struct MeasuredCase: Sendable {
  public let question: Question
  public let explanation: Explanation
  /// Who made the map.
  public let explainer: ConfiguredExplainer
  /// Whose answer was explained.
  public let model: any Classifier
  /// Where the object is, if that is known.
  public let truth: Truth?
  /// Networks with shuffled parameters, if there are any.
  public let randomized: RandomizedNetworks?
  /// The map at the input's resolution, one value for each position: channels are added up, coarse
  /// maps enlarged bilinearly; of a change the magnitudes.
  public let map: Image<Float>
  /// Why nothing can be measured of this map; nil if it can.
  public let flaw: String?
  private let shared = SharedWork()
  /// What does not depend on the map.
  private let answers: SharedWork

  /// Traps where the truth is of another size than the input.
  ///
  /// - Parameter other: a case of the same question, truth and networks with another map; what does not
  ///   depend on the map is worked out for both once.
  public init(
    _ question: Question, explanation: Explanation, by explainer: ConfiguredExplainer,
    of model: any Classifier, truth: Truth? = nil, randomized: RandomizedNetworks? = nil,
    beside other: MeasuredCase? = nil
  ) {
    self.question = question
    self.explanation = explanation
    self.explainer = explainer
    self.model = model
    self.truth = truth
    self.randomized = randomized
    answers = other?.answers ?? SharedWork()
    let size = PixelSize(planeOf: question.subject.input)
    // Of a change, how much of it there is tells where it matters.
    map =
      explanation.map.sign == .change
      ? explanation.map.magnitudes(of: size) : explanation.map.plane(of: size)
    flaw =
      if !explanation.map.values.isFinite || !map.isFinite {
        "the map is not finite"
      } else if map.range.low == map.range.high {
        map.range.low == 0 ? "the map is zero everywhere" : "the map is the same everywhere"
      } else {
        nil
      }
    if let truth { precondition(truth.size == size, "truth on \(truth.size), a map on \(size)") }
  }

  /// What is missing that a measure needs.
  func lack(among needs: Set<MeasureDescription.Need>) -> String? {
    if needs.contains(.box), truth?.boxes.isEmpty != false {
      return "no box of the object lies in the input"
    }
    if needs.contains(.mask), truth?.mask == nil { return "no outline of the object is known" }
    if needs.contains(.randomizedNetworks), randomized == nil {
      return "there are no networks with shuffled parameters"
    }
    return nil
  }
}

// MARK: - What measures ask

extension MeasuredCase {
  /// `[1, C, H, W]`
  var input: Tensor { question.subject.input }

  /// Positions of the input.
  var count: Int { map.size.area }

  var seed: UInt64 { question.subject.seed }

  /// Scores of changed pictures, `[1, C, H, W]`, made as they are needed, in passes of exactly the
  /// model's `batchLimit`.
  func scores(
    of score: Score, count: Int, picture: (_ index: Int) -> Tensor
  ) -> [Double] {
    model.scores(of: score, for: question, at: 0..<count, picture: picture)
  }

  /// The score of a picture `[1, C, H, W]`, in a pass by itself.
  func score(of score: Score, at picture: Tensor) -> Double {
    score.value(ofLogits: model.logits(for: picture).scalars, for: question)
  }

  /// The score of the picture as it is; asked for once.
  func score(of score: Score) -> Double {
    onceForQuestion("score/\(score.rawValue)") { self.score(of: score, at: input) }
  }

  /// The same question about another input or under another seed, answered by the same method.
  func explained(
    input: Tensor? = nil, seed: UInt64? = nil, by model: (any Classifier)? = nil
  ) throws(ExplainerError) -> Explanation {
    let subject = Subject(
      picture: question.subject.picture, input: input ?? question.subject.input,
      placement: question.subject.placement, kept: question.subject.kept,
      seed: seed ?? question.subject.seed)
    return try explainer.explain(
      Question(subject, fact: question.fact, foil: question.foil), using: model ?? self.model)
  }

  /// The value under a key, worked out at its first use. The key names everything that decides it.
  func once<Value: Sendable, E: Error>(
    _ key: String, _ make: () throws(E) -> Value
  ) throws(E) -> Value {
    try shared.value(key, make)
  }

  /// As `once`, for a value that does not depend on the map: cases beside one another share it.
  func onceForQuestion<Value: Sendable, E: Error>(
    _ key: String, _ make: () throws(E) -> Value
  ) throws(E) -> Value {
    try answers.value(key, make)
  }
}

/// Values that were worked out once.
private final class SharedWork: Sendable {
  private let values = Mutex<[String: any Sendable]>([:])

  func value<Value: Sendable, E: Error>(
    _ key: String, _ make: () throws(E) -> Value
  ) throws(E) -> Value {
    if let value = values.withLock({ $0[key] }) as? Value { return value }
    // Two threads may both work it out; equal cases have equal values.
    let value = try make()
    values.withLock { $0[key] = value }
    return value
  }
}

// MARK: - Maps as planes

extension PixelSize {
  /// Of a picture `[1, C, H, W]`.
  init(planeOf input: Tensor) { self.init(width: input.shape[3], height: input.shape[2]) }
}

extension AttributionMap {
  /// The map at a size, one value for each position.
  func plane(of size: PixelSize) -> Image<Float> { image.interpolated(to: size) }

  /// As `plane(of:)`, magnitudes added up.
  func magnitudes(of size: PixelSize) -> Image<Float> {
    AttributionMap(values.map(\.magnitude), sign: .magnitude).plane(of: size)
  }
}

extension Image<Float> {
  var isFinite: Bool { withSamples { $0.allSatisfy(\.isFinite) } }

  /// The smallest and the largest value.
  var range: (low: Float, high: Float) {
    withSamples { ($0.min() ?? 0, $0.max() ?? 0) }
  }
}
