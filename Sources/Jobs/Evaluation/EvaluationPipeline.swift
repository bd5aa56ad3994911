import Explanations
import Foundation
import ImageCodecs
import Imaging
import Kernels
import Measures
import Networks
import Samples

/// The way of one picture of a finished run to the measures of its maps.
///
/// Pure but for the files that it reads and writes: what is measured of a picture does not depend on
/// others.
struct EvaluationPipeline: Sendable {
  let job: Job
  let model: any DifferentiableClassifier
  let settings: EvaluationSettings
  let controls: [ConfiguredExplainer]
  let randomized: RandomizedNetworks?
  let reader: PictureReader
  /// The run's folder, which is read.
  let maps: ArtifactStore
  /// The evaluation's folder.
  let store: ArtifactStore
  let redoes: Bool
  /// Told of each map that was measured.
  let progress: ProgressMeter

  /// What became of a picture.
  enum Result: Sendable {
    case measured(MeasuredPicture, missing: [String], isNew: Bool)
    case failed(MapFailure)
  }

  /// A map of the run, with what was recorded about it.
  private struct Found {
    let plan: PlannedMap
    let record: MapRecord
    let stem: String
  }

  func process(_ item: WorkItem) -> Result {
    var doneCount = 0
    defer {
      progress.addPicture(
        idleMaps: job.mapCount(ofPath: item.path, beside: controls.count) - doneCount)
    }
    do throws(Refusal) {
      let bytes = try reader.read(item)
      guard let target = job.targets.target(ofPath: item.path) else {
        throw Refusal(.target, "the table of targets has no line for this picture")
      }
      let digest = ContentDigest(of: bytes)
      let mask = try job.keep?.mask(for: item)
      let plans = PlannedMap.maps(of: job, target: target, input: digest, kept: mask)
      let maps = plans.compactMap { found($0, for: item) }
      guard !maps.isEmpty else {
        throw Refusal(
          .changed, "has no map in the run, or has changed since; run 'tidemark render' again")
      }
      let missing = plans.filter { plan in
        !maps.contains { $0.plan.request == plan.request }
      }.map(\.method.about.name)
      let entry = settings.truth?.entry(for: item)
      let key = try key(of: maps, entry)
      if !redoes, let known = stored(item, key) {
        return .measured(known, missing: missing, isNew: false)
      }
      let measured = try reader.decoding(item, bytes, digest) { (picture) throws(Refusal) in
        let truth = try entry.map { entry throws(Refusal) in
          let orientation =
            job.manifest.reading.orientation == .apply
            ? (try? ImageCodecs.probe(bytes))?.orientation ?? .upright : .upright
          return try settings.truth?.truth(
            of: entry, orientation: orientation, placement: picture.placement)
        }
        let sitting = try Sitting(of: picture, keeping: mask, of: job, using: model)
        var values: [MeasuredMap] = []
        for aspect in target.aspects {
          let question = try sitting.question(aspect)
          let place = truth.flatMap { isAbout(entry, question) ? $0 : nil }
          var other: MeasuredCase?
          func add(_ explanation: Explanation, by method: ConfiguredExplainer, isControl: Bool) {
            let measured = MeasuredCase(
              question, explanation: explanation, by: method, of: sitting.model,
              truth: place ?? nil,
              randomized: randomized, beside: other)
            values.append(measuredMap(measured, aspect, isControl: isControl))
            other = measured
            doneCount += 1
            progress.addMap()
          }
          for found in maps where found.plan.aspect == aspect {
            add(try explanation(of: found), by: found.plan.method, isControl: false)
          }
          for control in controls {
            add(
              try explanation(of: control, to: question, using: sitting.model), by: control,
              isControl: true)
          }
        }
        return MeasuredPicture(key: key, path: item.path, kind: entry?.kind, maps: values)
      }
      try write(measured)
      return .measured(measured, missing: missing, isNew: true)
    } catch {
      return .failed(MapFailure(error.kind, path: item.path, reason: error.reason))
    }
  }

  // MARK: - What is there

  private func found(_ plan: PlannedMap, for item: WorkItem) -> Found? {
    plan.record(for: item, in: maps).map {
      Found(plan: plan, record: $0, stem: plan.stem(for: item))
    }
  }

  private func key(
    of found: [Found], _ entry: Annotations.Entry?
  ) throws(Refusal) -> ContentDigest {
    let request = MeasuredPicture.Request(
      tidemark: Release.version, engine: job.engine.version,
      measures: settings.measures.map { MethodRecord($0) },
      controls: controls.map { MethodRecord($0) },
      truth: entry.flatMap { settings.truth?.digest(of: $0) },
      countsAnyClass: settings.countsAnyClass,
      maps: found.map { .init(key: $0.record.key, numbers: $0.record.map.numbers) })
    do {
      return ContentDigest(of: try JSONText.line(request))
    } catch {
      throw Refusal(.output, "\(error)")
    }
  }

  /// Where measures of pictures lie in the evaluation's folder.
  static let folder = "pictures"

  private func file(of path: String) -> String { "\(Self.folder)/\(path).json" }

  private func stored(_ item: WorkItem, _ key: ContentDigest) -> MeasuredPicture? {
    guard let data = store.read(file(of: item.path)),
      let known = try? JSONText.decode(MeasuredPicture.self, from: data),
      known.schema == MeasuredPicture.schema, known.key == key, known.path == item.path
    else { return nil }
    return known
  }

  private func write(_ picture: MeasuredPicture) throws(Refusal) {
    do {
      try store.write(try JSONText.page(picture), to: file(of: picture.path))
    } catch {
      throw Refusal(.output, ArtifactStore.reason(error))
    }
  }

  // MARK: - Measuring

  /// Whether a question is about what the annotations speak of: it is, unless they name a class of the
  /// network and it is another one.
  private func isAbout(_ entry: Annotations.Entry?, _ question: Question) -> Bool {
    guard !settings.countsAnyClass, let entry,
      let annotated = ClassReference.index(ofClass: entry.kind, among: model.labels)
    else { return true }
    return annotated == question.fact
  }

  /// A map of the run as its method gave it.
  private func explanation(of found: Found) throws(Refusal) -> Explanation {
    guard let map = StoredMap.map(of: found.record.map, at: found.stem, in: maps) else {
      throw Refusal(
        .changed,
        "the numbers of \(found.plan.method.about.name) are gone or were changed; run 'tidemark "
          + "render' again")
    }
    let findings = found.record.diagnostics
    return Explanation(
      map: map,
      standardError: StoredMap.standardError(of: found.record.map, at: found.stem, in: maps),
      diagnostics: Diagnostics(
        values: findings.values, notes: findings.notes, forwardPasses: findings.forwardPasses,
        backwardPasses: findings.backwardPasses))
  }

  private func explanation(
    of control: ConfiguredExplainer, to question: Question,
    using model: any DifferentiableClassifier
  ) throws(Refusal) -> Explanation {
    do throws(ExplainerError) {
      return try control.explain(question, using: model)
    } catch {
      throw Refusal(.method, "\(control.about.name): \(error)")
    }
  }

  private func measuredMap(
    _ measured: MeasuredCase, _ aspect: ResolvedTarget.Aspect, isControl: Bool
  ) -> MeasuredMap {
    var values: [String: MeasuredValue] = [:]
    for measure in settings.measures {
      do throws(ExplainerError) {
        values[measure.about.name] = try measure.measure(measured)
      } catch {
        values[measure.about.name] = .undefined("\(error)")
      }
    }
    return MeasuredMap(
      method: measured.explainer.about.name, isControl: isControl,
      target: aspect.tag ?? "predicted",
      fact: ClassRecord(measured.question.fact, labels: model.labels),
      values: values)
  }
}
