import Boundaries
import Explanations
import Imaging
import Networks
import Rendering
import Synchronization
import Tensors

/// One picture before the network: brought to size and predicted, ready for any number of questions.
struct Sitting {
  let job: Job
  /// What is explained: the network, or the network smoothed.
  let model: any DifferentiableClassifier
  let picture: DecodedPicture
  let subject: Subject
  let prediction: Prediction
  private let network: any DifferentiableClassifier
  /// Told of each part of a map that takes long.
  private let report: (_ part: Double) -> Void
  /// Of the picture, whichever method asks first.
  private let certificate = Certified()

  init(
    of picture: DecodedPicture, keeping mask: MaskFile?, of job: Job,
    using network: any DifferentiableClassifier,
    reporting report: @escaping (_ part: Double) -> Void = { _ in }
  ) throws(Refusal) {
    let pixels = picture.pixels(
      channels: network.inputShape[0], filter: job.manifest.reading.resize.filter)
    self.job = job
    self.network = network
    self.report = report
    self.picture = picture
    let kept = try mask.map { mask throws(Refusal) in
      try mask.kept(in: picture.placement, limit: job.manifest.maximumPixels)
    }
    subject = Subject(
      picture: picture.picture, input: Tensor(pixels: pixels), placement: picture.placement,
      kept: kept, seed: picture.digest.seed(ofRun: job.manifest.seed))
    model =
      job.manifest.smoothing.map { [subject] in
        Smoothed(network, by: $0, seed: subject.seed)
      } ?? network
    prediction = model.prediction(for: subject.input)
    guard prediction.isFinite else {
      throw Refusal(
        .network, "the network's scores are not finite; is --preprocess what it was trained with?")
    }
  }

  /// What is asked about the picture under one aspect of its target.
  func question(_ aspect: ResolvedTarget.Aspect) throws(Refusal) -> Question {
    do throws(TargetError) {
      let (fact, foil) = try aspect.classes(for: prediction)
      return Question(subject, fact: fact, foil: foil)
    } catch {
      throw Refusal(.target, "\(error)")
    }
  }

  /// Explains, and writes one map's numbers and drawings.
  func make(_ map: PlannedMap, with easel: Easel, _ audit: Audit?) -> MapOutcome {
    let begun = ContinuousClock.now
    do throws(Refusal) {
      let record = try explain(map, with: easel, audit)
      return .finished(record, seconds: (ContinuousClock.now - begun) / .seconds(1))
    } catch {
      return .failed(map.failure(of: picture.item, error))
    }
  }

  private func explain(
    _ map: PlannedMap, with easel: Easel, _ audit: Audit?
  ) throws(Refusal) -> MapRecord {
    let question = try question(map.aspect)
    let explanation: Explanation
    do throws(ExplainerError) {
      explanation = try map.method.explain(question, using: model)
    } catch {
      throw Refusal(error.isAboutModel ? .unsuitable : .method, "\(error)")
    }
    let numbers = StoredMap(explanation.map, standardError: explanation.standardError)
    let companions = Companions(
      strips: explanation.strips.map { StoredStrip($0) },
      counterpart: explanation.counterpart.map { pixels in
        StoredCounterpart(pixels, prediction: guesses(model.prediction(for: pixels), 2))
      }, ranking: explanation.ranking.map { StoredRanking($0) })
    let drawing = easel.drawing(of: explanation.map, over: picture)
    do {
      var record = try record(of: explanation, as: numbers, to: question, for: map, drawn: drawing)
      record.strips = companions.strips.isEmpty ? nil : companions.strips.map(\.record)
      record.counterpart = companions.counterpart?.record
      record.ranking = companions.ranking?.record
      record.certificate = certificate(of: explanation)
      record.audit = audit?.values(
        of: explanation, to: question, by: map.method, using: model)
      try companions.write(to: map.stem(for: picture.item), in: easel.store)
      try numbers.write(to: map.stem(for: picture.item), in: easel.store)
      return try easel.finish(
        record, drawing, companions, over: picture, at: map.stem(for: picture.item))
    } catch {
      throw Refusal(.output, ArtifactStore.reason(error))
    }
  }

  private func record(
    of explanation: Explanation, as numbers: StoredMap, to question: Question,
    for map: PlannedMap, drawn drawing: Drawing
  ) throws -> MapRecord {
    let logits = prediction.logits
    return MapRecord(
      schema: MapRecord.schema,
      key: ContentDigest(of: try JSONText.line(map.request)),
      request: map.request, input: picture.input, placement: subject.placement,
      seed: "0x" + String(subject.seed, radix: 16),
      prediction: guesses(prediction, 5),
      target: MapRecord.Target(
        fact: ClassRecord(question.fact, labels: model.labels),
        foil: question.foil.map { ClassRecord($0, labels: model.labels) },
        score: logits[question.fact] - (question.foil.map { logits[$0] } ?? 0),
        probability: prediction.probabilities[question.fact]),
      map: numbers.record, rendering: job.manifest.rendering,
      drawing: MapRecord.Drawing(drawing), drawn: [],
      diagnostics: MapRecord.Findings(
        values: explanation.diagnostics.values, notes: explanation.diagnostics.notes,
        series: explanation.diagnostics.series.isEmpty ? nil : explanation.diagnostics.series,
        forwardPasses: explanation.diagnostics.forwardPasses,
        backwardPasses: explanation.diagnostics.backwardPasses),
      status: Self.status(of: explanation, drawn: drawing))
  }

  /// How far the smoothed decision certainly holds, and, for a method that found a point of its boundary,
  /// how far it certainly does not.
  private func certificate(of explanation: Explanation) -> MapRecord.Certificate? {
    guard let smoothing = job.manifest.smoothing, let certification = job.manifest.certification
    else { return nil }
    let found = self.certificate.value {
      var percent = 0
      return SmoothingCertificate(
        for: subject.input, of: network, deviation: smoothing.deviation,
        certification: certification, seed: subject.seed
      ) { share in
        let reached = Int(100 * share)
        if reached > percent { report(Double(reached - percent) / 100) }
        percent = reached
      }
    }
    var certificate = MapRecord.Certificate(found, labels: model.labels)
    guard !found.abstains, let point = explanation.counterpart,
      let distance = explanation.diagnostics.values["distance"]
    else { return certificate }
    let crossing = SmoothedVote(network, deviation: smoothing.deviation, seed: subject.seed)
      .crossing(
        from: subject.input, through: point, leaving: found.selected,
        samples: min(certification.samples, 1000), alpha: certification.alpha)
    certificate.bracket = MapRecord.Certificate.Bracket(
      lower: found.radius,
      upper: crossing.map { Norm.l2.length(of: $0.point - subject.input) },
      vote: crossing.map { ClassRecord($0.vote, labels: model.labels) }, found: distance)
    return certificate
  }

  /// The best classes of a prediction.
  private func guesses(_ prediction: Prediction, _ count: Int) -> [MapRecord.Guess] {
    prediction.ranking(count).map { index in
      MapRecord.Guess(
        ClassRecord(index, labels: model.labels), probability: prediction.probabilities[index])
    }
  }

  /// What the method says of its answer, or else what the map looks like.
  private static func status(of explanation: Explanation, drawn drawing: Drawing) -> String {
    guard explanation.status == .complete else { return explanation.status.code }
    return switch drawing.normalization.status {
    case .normal: explanation.status.code
    case .nothingFound: Explanation.Status.nothingFound.code
    case .constant: "constant"
    case .nonFinite: Explanation.Status.nonFinite.code
    }
  }
}

/// A certificate that is made at its first use; it takes many passes.
private final class Certified: Sendable {
  private let found = Mutex<SmoothingCertificate?>(nil)

  func value(_ make: () -> SmoothingCertificate) -> SmoothingCertificate {
    if let known = found.withLock({ $0 }) { return known }
    let made = make()
    found.withLock { $0 = made }
    return made
  }
}

extension ExplainerError {
  /// Whether another picture would meet with the same.
  fileprivate var isAboutModel: Bool {
    switch self {
    case .unsuitableModel, .layer: true
    case .invalidParameter, .option, .nonFinite: false
    }
  }
}
