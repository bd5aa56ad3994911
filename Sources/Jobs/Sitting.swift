import Explanations
import Foundation
import ImageCodecs
import Imaging
import Networks
import Rendering
import Tensors

/// One picture before the network: decoded, brought to size and predicted, ready for any number of
/// questions.
struct Sitting {
  let job: Job
  let model: CompiledNetwork
  let item: WorkItem
  let subject: Subject
  let prediction: Prediction
  let input: MapRecord.Input

  init(
    of item: WorkItem, bytes: [UInt8], digest: ContentDigest, of job: Job,
    using model: CompiledNetwork
  ) throws(Refusal) {
    let manifest = job.manifest
    let decoded: DecodedImage
    do throws(CodecError) {
      decoded = try ImageCodecs.decode(
        bytes, limit: DecodeLimit(pixels: manifest.maximumPixels),
        orientation: manifest.reading.orientation)
    } catch {
      throw Refusal(.unreadable, "\(error)")
    }
    let picture = decoded.bitmap.opaque(manifest.reading.alpha)
    let placement = manifest.reading.resize.placement(in: picture.size)
    let channels = model.inputShape[0]
    let pixels = placement.input(from: channels == 1 ? picture.luminance : picture.colored)
    self.job = job
    self.model = model
    self.item = item
    subject = Subject(
      picture: picture, input: Tensor(pixels: pixels), placement: placement,
      seed: digest.seed(ofRun: manifest.seed))
    prediction = model.prediction(for: subject.input)
    guard prediction.isFinite else {
      throw Refusal(
        .network, "the network's scores are not finite; is --preprocess what it was trained with?")
    }
    input = MapRecord.Input(
      path: item.path, byteCount: bytes.count, size: picture.size,
      notes: decoded.notes)
  }

  /// Explains, draws and writes one map.
  func make(_ map: PlannedMap, in store: ArtifactStore) -> MapOutcome {
    let begun = ContinuousClock.now
    do throws(Refusal) {
      let record = try explain(map, in: store)
      return .finished(record, seconds: (ContinuousClock.now - begun) / .seconds(1))
    } catch {
      return .failed(
        MapFailure(
          error.kind, path: item.path, method: map.method.about.name, target: map.aspect.tag,
          reason: error.reason))
    }
  }

  private func explain(_ map: PlannedMap, in store: ArtifactStore) throws(Refusal) -> MapRecord {
    let question: Question
    do throws(TargetError) {
      let (fact, foil) = try map.aspect.classes(for: prediction)
      question = Question(subject, fact: fact, foil: foil)
    } catch {
      throw Refusal(.target, "\(error)")
    }
    let explanation: Explanation
    do throws(ExplainerError) {
      explanation = try map.method.explain(question, using: model)
    } catch {
      throw Refusal(.method, "\(error)")
    }
    let image = ExplainedImage(
      subject.picture, explainedBy: explanation.map, placement: subject.placement)
    let drawing = job.manifest.rendering.draw(image)
    do {
      let record = try record(of: explanation, to: question, for: map, drawn: drawing)
      let stem = map.stem(for: item)
      // The sidecar goes first and comes last: where it is, the others belong to it.
      try store.remove("\(stem).json")
      for artifact in try artifacts(of: explanation, drawn: drawing, record: record) {
        try store.write(artifact.bytes, to: "\(stem).\(artifact.suffix)")
      }
      return record
    } catch {
      throw Refusal(.output, ArtifactStore.reason(error))
    }
  }

  private func artifacts(
    of explanation: Explanation, drawn drawing: OverlayRenderer.Drawing, record: MapRecord
  ) throws -> [Artifact] {
    let text = String(decoding: try JSONText.line(PictureText(record)), as: UTF8.self)
    return [
      Artifact(
        suffix: "overlay.png",
        bytes: try PNGCodec.encode(drawing.overlay, text: [(PictureFile.keyword, text)])),
      Artifact(suffix: "npy", bytes: NPY.bytes(of: explanation.map.values)),
      Artifact(suffix: "json", bytes: Array(try JSONText.page(record))),
    ]
  }

  private func record(
    of explanation: Explanation, to question: Question, for map: PlannedMap,
    drawn drawing: OverlayRenderer.Drawing
  ) throws -> MapRecord {
    let logits = prediction.logits
    return MapRecord(
      schema: MapRecord.schema,
      key: ContentDigest(of: try JSONText.line(map.request)),
      request: map.request, input: input, placement: subject.placement,
      seed: "0x" + String(subject.seed, radix: 16),
      prediction: prediction.ranking(5).map { index in
        MapRecord.Guess(
          index: index, name: name(of: index), probability: prediction.probabilities[index])
      },
      target: MapRecord.Target(
        fact: ClassRecord(index: question.fact, name: name(of: question.fact)),
        foil: question.foil.map { ClassRecord(index: $0, name: name(of: $0)) },
        score: logits[question.fact] - (question.foil.map { logits[$0] } ?? 0),
        probability: prediction.probabilities[question.fact]),
      map: MapRecord.Map(
        shape: explanation.map.values.shape.extents, sign: explanation.map.sign),
      drawing: MapRecord.Drawing(
        colorMap: drawing.colorMap, scale: drawing.normalization.scale,
        range: drawing.normalization.range),
      diagnostics: MapRecord.Findings(
        values: explanation.diagnostics.values, notes: explanation.diagnostics.notes,
        forwardPasses: explanation.diagnostics.forwardPasses,
        backwardPasses: explanation.diagnostics.backwardPasses),
      status: explanation.status.code)
  }

  private func name(of index: ClassIndex) -> String? {
    model.labels.isEmpty ? nil : model.labels[index]
  }
}
