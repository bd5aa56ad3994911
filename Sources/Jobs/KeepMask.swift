import Foundation
import ImageCodecs
import Imaging
import Networks
import Tensors

/// What methods must leave as it is: a picture, white where the pixels of all pictures are kept, or a
/// folder with one for each.
///
/// Only methods that look for another picture heed it, such as `flip-points`.
public struct KeepMask: Sendable {
  /// As it was given.
  public let path: String
  /// Of the one mask; nil for a folder.
  private let content: Data?

  /// Throws where there is neither a file that can be read nor a folder.
  public init(_ path: String) throws(JobError) {
    self.path = path
    switch FileStatus(of: path)?.kind {
    case .folder: content = nil
    case .file:
      guard let data = try? Data(contentsOf: URL(filePath: path)) else { fallthrough }
      content = data
    default:
      throw JobError(
        .request,
        "--keep: '\(path)' cannot be read; expected a picture, white where pixels are kept, or a "
          + "folder of such pictures called like those to be explained")
    }
  }

  /// The mask of a picture.
  func mask(for item: WorkItem) throws(Refusal) -> MaskFile {
    if let content { return MaskFile(path: path, content: content) }
    let folder = URL(filePath: path)
    let name = folder.appending(path: item.path)
    let names = [name.deletingPathExtension().appendingPathExtension("png"), name]
    for name in names {
      guard let content = try? Data(contentsOf: name) else { continue }
      return MaskFile(path: name.relativePath, content: content)
    }
    throw Refusal(
      .unreadable, "has no mask of what is kept; expected '\(names[0].relativePath)'")
  }
}

/// A picture that says yes (white) or no (black) of another one's pixels.
struct MaskFile {
  let path: String
  let content: Data

  var digest: ContentDigest { ContentDigest(of: content) }

  /// In gray. Throws for what is no picture, or one of more than so many pixels.
  func luminance(limit: Int) throws(Refusal) -> Bitmap {
    do throws(CodecError) {
      return try ImageCodecs.decode(
        [UInt8](content), limit: DecodeLimit(pixels: limit), orientation: .ignore
      ).bitmap.opaque(.drop).luminance
    } catch {
      throw Refusal(.unreadable, "its mask '\(path)': \(error)")
    }
  }

  /// Where the network's input is kept, `[H, W]`: 1 where at least half of a pixel is white, and beyond the
  /// picture, where there is nothing to change; 0 elsewhere.
  ///
  /// Throws where the mask is not of the size of the picture.
  func kept(in placement: Placement, limit: Int) throws(Refusal) -> Tensor {
    let mask = try luminance(limit: limit)
    guard placement.picture.isReduction(of: mask.size) else {
      throw Refusal(
        .unreadable, "its mask '\(path)' is \(mask.size), expected \(placement.picture)")
    }
    let input = placement.over(mask.size).input(from: mask, filling: [255])
    let size = placement.input
    return Tensor(
      Tensor(pixels: input).scalars.map { $0 >= 0.5 ? 1 : 0 }, shape: [size.height, size.width])
  }
}
