import Explanations
import Foundation
import ImageCodecs
import Imaging
import Networks
import Rendering
import Tensors

/// The way of one picture from its file to its maps: read, decode, bring to the network's size, ask
/// the network, explain, draw, write. Maps whose numbers are there already are at most drawn anew.
///
/// Pure but for the files it reads and writes: what becomes of a picture does not depend on others,
/// unless they share a scale.
struct ItemPipeline: Sendable {
  let job: Job
  let model: any DifferentiableClassifier
  let easel: Easel
  let reader: PictureReader
  let purpose: Purpose
  /// What maps are measured by as soon as they are made; nil for nothing.
  let audit: Audit?
  /// Told of each map that was made.
  let progress: ProgressMeter

  enum Purpose: Sendable {
    /// Maps that are missing are made; with `redoes` all of them.
    case making(redoes: Bool)
    /// Maps whose numbers are there are drawn on the scale that they share; what is missing has failed
    /// before.
    case drawing
  }

  /// What is there of a map.
  private enum State {
    case missing
    /// Its numbers.
    case undrawn(MapRecord)
    /// All that was asked for.
    case current(MapRecord)

    var isCurrent: Bool { if case .current = self { true } else { false } }
    var isMissing: Bool { if case .missing = self { true } else { false } }
  }

  /// Sees to all maps of a picture.
  func process(_ item: WorkItem) -> ItemOutcome {
    var madeCount = 0
    defer { progress.addPicture(idleMaps: job.mapCount(ofPath: item.path) - madeCount) }
    do throws(Refusal) {
      let bytes = try reader.read(item)
      guard let target = job.targets.target(ofPath: item.path) else {
        throw Refusal(.target, "the table of targets has no line for this picture")
      }
      let digest = ContentDigest(of: bytes)
      let mask = try job.keep?.mask(for: item)
      var maps = PlannedMap.maps(of: job, target: target, input: digest, kept: mask).map { map in
        (map, state: state(of: map, for: item))
      }
      if case .drawing = purpose { maps.removeAll { $0.state.isMissing } }
      let outcomes =
        maps.allSatisfy(\.state.isCurrent)
        ? maps.compactMap { unchanged($0.state) }
        : try reader.decoding(item, bytes, digest) { (picture) throws(Refusal) in
          let isAsked = maps.contains { $0.state.isMissing }
          var parts = 0.0
          let sitting =
            isAsked
            ? try Sitting(of: picture, keeping: mask, of: job, using: model) { part in
              parts += part
              progress.addPart(part)
            } : nil
          return maps.compactMap { map, state in
            if let outcome = unchanged(state) { return outcome }
            defer {
              madeCount += 1
              progress.addMap(parts: parts)
              parts = 0
            }
            return redrawn(map, state, over: picture) ?? sitting?.make(map, with: easel, audit)
          }
        }
      return ItemOutcome(item: item, maps: outcomes)
    } catch {
      let failure = MapFailure(error.kind, path: item.path, reason: error.reason)
      return ItemOutcome(item: item, maps: [.failed(failure)])
    }
  }

  private func unchanged(_ state: State) -> MapOutcome? {
    if case .current(let record) = state { .unchanged(record) } else { nil }
  }

  private func redrawn(
    _ map: PlannedMap, _ state: State, over picture: DecodedPicture
  ) -> MapOutcome? {
    guard case .undrawn(let record) = state else { return nil }
    do {
      return .redrawn(try easel.redraw(record, at: map.stem(for: picture.item), over: picture))
    } catch {
      return .failed(
        map.failure(of: picture.item, Refusal(.output, ArtifactStore.reason(error))))
    }
  }

  private func state(of map: PlannedMap, for item: WorkItem) -> State {
    if case .making(redoes: true) = purpose { return .missing }
    let stem = map.stem(for: item)
    guard let record = map.record(for: item, in: easel.store),
      audit == nil || record.audit != nil,
      StoredMap.exists(record.map, at: stem, in: easel.store),
      record.companionNumbers(at: stem).allSatisfy(easel.store.exists)
    else { return .missing }
    if easel.isCurrent(record, at: stem) { return .current(record) }
    // Numbers that something else wrote over are made again.
    let isWhole =
      StoredMap.map(of: record.map, at: stem, in: easel.store) != nil
      && Companions(of: record, at: stem, in: easel.store) != nil
    return isWhole ? .undrawn(record) : .missing
  }
}

/// A map that is to be there in the end.
struct PlannedMap: Sendable {
  let method: ConfiguredExplainer
  let aspect: ResolvedTarget.Aspect
  let request: MapRequest

  /// The names of its files, without what follows the last dots.
  func stem(for item: WorkItem) -> String {
    MapRecord.stem(ofPath: item.path, method: method.about.name, tag: aspect.tag)
  }

  /// The sidecar, where there is one of this very map.
  func record(for item: WorkItem, in store: ArtifactStore) -> MapRecord? {
    guard let data = store.read("\(stem(for: item)).json"),
      let record = try? JSONText.decode(MapRecord.self, from: data),
      record.schema == MapRecord.schema, record.request == request,
      record.input.path == item.path
    else { return nil }
    return record
  }

  func failure(of item: WorkItem, _ refusal: Refusal) -> MapFailure {
    MapFailure(
      refusal.kind, path: item.path, method: method.about.name, target: aspect.tag,
      reason: refusal.reason)
  }

  /// All maps of a picture, target by target.
  static func maps(
    of job: Job, target: ResolvedTarget, input: ContentDigest, kept: MaskFile?
  ) -> [PlannedMap] {
    target.aspects.flatMap { aspect in
      zip(job.methods, job.manifest.methods).map { method, record in
        PlannedMap(
          method: method, aspect: aspect,
          request: job.manifest.request(
            input: input, kept: kept?.digest, method: record, target: aspect.tag))
      }
    }
  }
}
