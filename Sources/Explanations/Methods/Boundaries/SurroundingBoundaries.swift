import Boundaries
import Networks
import Tensors

/// Boundary points around a picture: found from noisy copies of it, toward its nearest classes in turn.
///
/// The first start is the picture itself. The others are x + σ·ε, moved into 0...1, with ε keyed by the
/// subject's seed and the start's number; what the subject keeps stays as it is.
struct SurroundingBoundaries {
  let question: Question
  /// σ, in pixel units.
  let noise: Double
  /// Classes that the fact must tie with, in turn; nil for whichever is nearest.
  let foils: [ClassIndex?]
  let search: SearchChoice
  /// The method's name, for errors.
  let method: String

  /// - Parameter classes: of how many classes' boundaries the points are, where the question names no
  ///   foil; nil for whichever is nearest to each start.
  init(
    _ question: Question, noise: Double, classes: Int?, search: SearchChoice, method: String,
    using model: any DifferentiableClassifier
  ) {
    self.question = question
    self.noise = noise
    self.search = search
    self.method = method
    let input = question.subject.input
    if let foil = question.foil {
      foils = [foil]
    } else if let classes {
      foils = model.nearestClasses(to: input, beside: question.fact, limit: classes)
    } else {
      foils = [nil]
    }
  }

  /// Throws unless a deviation of starts is above 0, and not far beyond what pixels can hold.
  static func validate(noise: Double, for method: String) throws(ExplainerError) {
    guard noise > 0, noise <= 10 else {
      throw .invalidParameter(
        method: method, parameter: "noise", reason: "must be above 0, at most 10, found \(noise)")
    }
  }

  func foil(ofStart number: Int) -> ClassIndex? { foils[number % foils.count] }

  /// A start, `[1, C, H, W]`.
  func start(_ number: Int) -> Tensor {
    var start = question.subject.input
    guard number > 0 else { return start }
    let random = CounterRandom(seed: question.subject.seed, stream: RandomStream.boundaries)
    start.add(random.normal(start.shape, sample: number), scaledBy: Float(noise))
    let (picture, kept) = (question.subject.input, question.subject.kept)
    start.withMutableScalars { start in
      for index in start.indices {
        let isKept = kept.map { $0[index % $0.count] != 0 } ?? false
        start[index] = isKept ? picture[index] : min(max(start[index], 0), 1)
      }
    }
    return start
  }

  /// What was found from these starts; they go through the model together.
  func outcomes(
    from numbers: Range<Int>, using model: any Classifier
  ) throws(ExplainerError) -> [BoundaryOutcome] {
    try search.chosen.outcomes(for: method, using: model) { () throws(BoundaryError) in
      try numbers.map { number throws(BoundaryError) in
        try BoundaryQuery(
          start(number), fact: question.fact, foil: foil(ofStart: number),
          frozen: question.subject.kept,
          seed: question.subject.seed ^ UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
      }
    }
  }
}

extension DifferentiableClassifier {
  /// The classes whose boundary with a class is nearest, as their linear models at the input tell, among
  /// the ten best; the nearest first.
  fileprivate func nearestClasses(
    to input: Tensor, beside fact: ClassIndex, limit: Int
  ) -> [ClassIndex] {
    let logits = prediction(for: input).logits
    let rivals = Prediction(logits: logits).ranking(11).filter { $0 != fact }.prefix(10)
    let distances = rivals.map { rival in
      let gradient = gradient(of: .margin(fact, over: rival), for: input).gradient
      let length = Norm.l2.length(of: gradient)
      let margin = Double(logits[fact] - logits[rival]).magnitude
      // Without a slope there is no boundary to be expected.
      return length > 0 ? margin / length : .infinity
    }
    return zip(distances, rivals).enumerated()
      .sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }
      .prefix(limit).map(\.element.1)
  }
}
