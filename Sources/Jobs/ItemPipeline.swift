import Explanations
import Foundation
import ImageCodecs
import Imaging
import Networks
import Rendering
import Tensors

/// The way of one picture from its file to its maps: read, decode, bring to the network's size, ask
/// the network, explain, draw, write.
///
/// Pure but for the files it reads and writes: what becomes of a picture does not depend on others.
struct ItemPipeline: Sendable {
  let job: Job
  let model: CompiledNetwork
  let store: ArtifactStore
  /// Where decoded pictures find memory.
  let room: PictureRoom
  /// Makes again what is there already.
  let redoes: Bool

  func process(_ item: WorkItem) -> ItemOutcome {
    do throws(Refusal) {
      let bytes = try read(item)
      guard let target = job.targets.target(ofPath: item.path) else {
        throw Refusal(.target, "the table of targets has no line for this picture")
      }
      let digest = ContentDigest(of: bytes)
      let planned = PlannedMap.maps(of: job, target: target, input: digest)
      let done = planned.map { redoes ? nil : record(of: $0, for: item) }
      let maps: [MapOutcome]
      if let records = done as? [MapRecord] {
        maps = records.map { .unchanged($0) }
      } else {
        let pixels = try pixelCount(of: bytes)
        let made = try room.holding(pixels: pixels) { () throws(Refusal) -> [MapOutcome] in
          let sitting = try Sitting(of: item, bytes: bytes, digest: digest, of: job, using: model)
          return zip(planned, done).map { map, record in
            record.map { .unchanged($0) } ?? sitting.make(map, in: store)
          }
        }
        guard let made else {
          let needed = MemoryBudget.text(pixels * PictureRoom.bytesPerPixel)
          throw Refusal(
            .unreadable,
            "takes about \(needed) when decoded, but --memory leaves "
              + "\(MemoryBudget.text(room.byteCount)) for pictures; allow more")
        }
        maps = made
      }
      return ItemOutcome(item: item, maps: maps)
    } catch {
      let failure = MapFailure(error.kind, path: item.path, reason: error.reason)
      return ItemOutcome(item: item, maps: [.failed(failure)])
    }
  }

  /// What the header tells, within the limit of pixels.
  private func pixelCount(of bytes: [UInt8]) throws(Refusal) -> Int {
    do throws(CodecError) {
      let size = try ImageCodecs.probe(bytes).size
      try DecodeLimit(pixels: job.manifest.maximumPixels).check(size)
      return size.area
    } catch {
      throw Refusal(.unreadable, "\(error)")
    }
  }

  /// All bytes of a picture's file, which must not change while they are read.
  private func read(_ item: WorkItem) throws(Refusal) -> [UInt8] {
    guard let before = FileStatus(of: item.file) else {
      throw Refusal(.changed, "the file vanished during the run")
    }
    guard before.byteCount <= Self.fileByteLimit else {
      throw Refusal(
        .unreadable,
        "has \(before.byteCount) bytes; at most \(Self.fileByteLimit) are accepted")
    }
    let bytes: [UInt8]
    do {
      bytes = Array(try Data(contentsOf: URL(filePath: item.file)))
    } catch {
      throw Refusal(.unreadable, "cannot be read: \(error.localizedDescription)")
    }
    guard FileStatus(of: item.file) == before, bytes.count == before.byteCount else {
      throw Refusal(.changed, "the file changed while it was read; run again")
    }
    return bytes
  }

  /// No picture within any sensible limit of pixels takes more.
  private static let fileByteLimit = 1 << 30

  /// The sidecar of a map that is there already and is what would be made now.
  private func record(of map: PlannedMap, for item: WorkItem) -> MapRecord? {
    let stem = map.stem(for: item)
    guard let data = store.read("\(stem).json"),
      let record = try? JSONText.decode(MapRecord.self, from: data),
      record.schema == MapRecord.schema, record.request == map.request,
      record.input.path == item.path,
      ["overlay.png", "npy"].allSatisfy({ store.exists("\(stem).\($0)") })
    else { return nil }
    return record
  }
}

/// Why a picture as a whole cannot be explained.
struct Refusal: Error {
  let kind: MapFailure.Kind
  let reason: String

  init(_ kind: MapFailure.Kind, _ reason: String) {
    self.kind = kind
    self.reason = reason
  }
}

/// A map that is to be there in the end.
struct PlannedMap: Sendable {
  let method: ConfiguredExplainer
  let aspect: ResolvedTarget.Aspect
  let request: MapRequest

  /// The names of its files, without what follows the last dots.
  func stem(for item: WorkItem) -> String {
    "maps/\(item.path)/"
      + [method.about.name, aspect.tag].compactMap(\.self).joined(separator: ".")
  }

  /// All maps of a picture, target by target.
  static func maps(of job: Job, target: ResolvedTarget, input: ContentDigest) -> [PlannedMap] {
    target.aspects.flatMap { aspect in
      zip(job.methods, job.manifest.methods).map { method, record in
        PlannedMap(
          method: method, aspect: aspect,
          request: job.manifest.request(input: input, method: record, target: aspect.tag))
      }
    }
  }
}
