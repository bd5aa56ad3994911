import Dispatch
import Foundation
import ImageCodecs
import Imaging
import Networks
import Synchronization

/// A picture that cannot be used, and why.
public struct PictureProblem: Error, Sendable, Equatable, CustomStringConvertible {
  public let name: String
  public let reason: String
  public var description: String { "\(name): \(reason)" }
}

/// The pictures of a data set as the network sees them: brought to its size, interleaved bytes of its
/// channels. What was decoded once is kept, as long as a budget lasts; the rest is decoded again
/// whenever it is asked for. Safe to use from several threads.
final class PictureStore: Sendable {
  let data: DataSet
  let geometry: InputGeometry
  /// 1 for gray, 3 for RGB.
  let channels: Int
  private let byteLimit: Int
  private let kept: Mutex<Kept>

  private struct Kept {
    var pictures: [[UInt8]?]
    var byteCount = 0
  }

  /// - Parameter byteLimit: how many bytes of decoded pictures are kept.
  init(_ data: DataSet, geometry: InputGeometry, channels: Int, byteLimit: Int) {
    self.data = data
    self.geometry = geometry
    self.channels = channels
    self.byteLimit = byteLimit
    kept = Mutex(Kept(pictures: Array(repeating: nil, count: data.examples.count)))
  }

  /// Samples of one picture.
  var sampleCount: Int { geometry.input.area * channels }

  /// Some pictures, decoded on as many threads as there are processors.
  func pictures(_ indices: [Int]) -> [Result<[UInt8], PictureProblem>] {
    let known = kept.withLock { kept in indices.map { kept.pictures[$0] } }
    let missing = known.indices.filter { known[$0] == nil }
    let made = Mutex([Int: Result<[UInt8], PictureProblem>]())
    DispatchQueue.concurrentPerform(iterations: missing.count) { position in
      let place = missing[position]
      let result = Result { () throws(PictureProblem) in try decoded(indices[place]) }
      made.withLock { $0[place] = result }
    }
    let results = made.withLock { $0 }
    kept.withLock { kept in
      for (place, result) in results {
        guard case .success(let bytes) = result, kept.pictures[indices[place]] == nil,
          kept.byteCount + bytes.count <= byteLimit
        else { continue }
        kept.pictures[indices[place]] = bytes
        kept.byteCount += bytes.count
      }
    }
    return known.indices.map { place in
      known[place].map { .success($0) } ?? results[place] ?? .failure(problem(place, "is lost"))
    }
  }

  /// Those of some pictures that can be read, and their indices.
  ///
  /// Others are told of by `report`, or end it where `isStrict`.
  func readable(
    _ indices: [Int], isStrict: Bool, reporting report: (PictureProblem) -> Void
  ) throws(TrainingError) -> (pictures: [[UInt8]], members: [Int]) {
    var (pictures, members): ([[UInt8]], [Int]) = ([], [])
    for (index, result) in zip(indices, self.pictures(indices)) {
      switch result {
      case .success(let picture):
        pictures.append(picture)
        members.append(index)
      case .failure(let problem):
        guard !isStrict else {
          throw TrainingError(.environment, "\(problem) (--strict: nothing is passed over)")
        }
        report(problem)
      }
    }
    return (pictures, members)
  }

  private func problem(_ index: Int, _ reason: String) -> PictureProblem {
    PictureProblem(name: data.examples[index].name, reason: reason)
  }

  private func decoded(_ index: Int) throws(PictureProblem) -> [UInt8] {
    let picture = try bitmap(index)
    let opaque = picture.opaque(.flatten)
    let input = geometry.placement(in: opaque.size)
      .input(from: channels == 1 ? opaque.luminance : opaque.colored)
    return input.samples
  }

  private func bitmap(_ index: Int) throws(PictureProblem) -> Bitmap {
    switch data.source {
    case .stored(let file, let height, let width, let channels):
      let count = height * width * channels
      let start = file.start + index * count
      return Bitmap(
        size: PixelSize(width: width, height: height), layout: channels == 1 ? .gray : .rgb,
        samples: Array(file.bytes[start..<start + count]))
    case .files(let paths):
      let bytes: [UInt8]
      do throws(LayerError) {
        bytes = [UInt8](try RegularFile(paths[index]).contents(limit: 1 << 30))
      } catch {
        throw problem(index, error.reason)
      }
      do throws(CodecError) {
        return try ImageCodecs.decode(bytes).bitmap
      } catch {
        throw problem(index, "\(error)")
      }
    }
  }
}
