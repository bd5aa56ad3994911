import Foundation
import ImageCodecs
import Imaging
import Measures
import Samples

/// What maps are to point at.
public enum TruthPlace: String, Sendable, CaseIterable {
  /// What the picture shows.
  case object
  /// The mark beside the point that stands for a class (`tidemark samples --shortcut`).
  case cue
}

/// What is known about the pictures of a run: annotations, by the files that they speak of.
public struct TruthTable: Sendable {
  /// The file that the annotations were read from.
  public let file: String
  private let folder: URL
  private let entries: [String: Annotations.Entry]

  /// Reads a file of annotations (<doc:AnnotatedPictures> of Samples describes it).
  public init(_ file: String, place: TruthPlace = .object) throws(JobError) {
    guard let data = try? Data(contentsOf: URL(filePath: file)) else {
      throw JobError(.request, "--annotations: '\(file)' cannot be read")
    }
    do throws(SampleError) {
      try self.init(Annotations(json: data), file: file, place: place)
    } catch {
      throw JobError(.request, "\(file): \(error)")
    }
  }

  private init(_ annotations: Annotations, file: String, place: TruthPlace) {
    self.file = file
    folder = URL(filePath: file).deletingLastPathComponent()
    var entries: [String: Annotations.Entry] = [:]
    for entry in annotations.pictures.compactMap({ $0.pointed(at: place) }) {
      entries[Self.identity(of: folder.appending(path: entry.path).path)] = entry
    }
    self.entries = entries
  }

  /// The annotations that lie beside the pictures of a run, or in one of the three folders above; nil
  /// where none do.
  public static func beside(
    _ inputs: [String], place: TruthPlace = .object
  ) -> TruthTable? {
    for input in inputs {
      var folder = URL(filePath: input).standardizedFileURL
      for _ in 0..<4 {
        let file = folder.appending(component: fileName)
        if let data = try? Data(contentsOf: file), let found = try? Annotations(json: data) {
          return TruthTable(found, file: file.path, place: place)
        }
        folder.deleteLastPathComponent()
      }
    }
    return nil
  }

  private static let fileName = "annotations.json"

  /// What is known about a picture's file; nil for nothing.
  func entry(for item: WorkItem) -> Annotations.Entry? { entries[Self.identity(of: item.file)] }

  /// What is known of any of the pictures.
  func count(of items: [WorkItem]) -> Int { items.count { entry(for: $0) != nil } }

  private static func identity(of path: String) -> String {
    URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.path
  }

  /// All that an entry says, mask included, as bytes: two equal ones are the same truth.
  func digest(of entry: Annotations.Entry) -> ContentDigest {
    let mask = entry.mask.flatMap { try? Data(contentsOf: folder.appending(path: $0)) }
    let text = (try? JSONText.line(entry)) ?? Data()
    return ContentDigest(ofParts: [text, mask ?? Data()])
  }

  /// An entry on the grid of the network's input.
  ///
  /// Annotations speak of pictures as they are stored; `orientation` says how this one was turned, and
  /// the placement how it was scaled.
  func truth(
    of entry: Annotations.Entry, orientation: Orientation, placement: Placement
  ) throws(Refusal) -> Truth {
    let stored = PixelSize(width: entry.width, height: entry.height)
    let upright =
      orientation.swapsSides ? PixelSize(width: stored.height, height: stored.width) : stored
    guard placement.picture.isReduction(of: upright) else {
      throw Refusal(
        .unreadable, "is \(placement.picture), but the annotations speak of one of \(upright)")
    }
    // Of what was known at full size, at the size that was decoded.
    let place = Placement(picture: upright, scaled: placement.scaled, window: placement.window)
    let mask = try entry.mask.map { path throws(Refusal) in
      try self.mask(at: path, size: stored).oriented(orientation)
    }
    let boxes = entry.box.map { [stored.rect($0, turned: orientation)] } ?? []
    return Truth(boxes: boxes, mask: mask, placement: place)
  }

  private func mask(at path: String, size: PixelSize) throws(Refusal) -> Bitmap {
    let file = folder.appending(path: path)
    guard let data = try? Data(contentsOf: file) else {
      throw Refusal(.unreadable, "its mask '\(path)' cannot be read")
    }
    let mask = try MaskFile(path: path, content: data).luminance(limit: size.area)
    guard mask.size == size else {
      throw Refusal(.unreadable, "its mask '\(path)' is \(mask.size), expected \(size)")
    }
    return mask
  }
}

extension Annotations.Entry {
  /// The entry, or what it says of a cue as if that were the object; nil where there is none.
  fileprivate func pointed(at place: TruthPlace) -> Annotations.Entry? {
    switch place {
    case .object: self
    case .cue:
      cue.map { cue in
        Annotations.Entry(path: path, width: width, height: height, kind: cue.kind, box: cue.box)
      }
    }
  }
}

extension PixelSize {
  /// Whether this is the size of a picture or what a decoder makes of it when it halves it.
  func isReduction(of full: PixelSize) -> Bool {
    [1, 2, 4, 8].contains { factor in
      width == (full.width + factor - 1) / factor && height == (full.height + factor - 1) / factor
    }
  }

  /// A rectangle of a picture of this size, in the picture turned upright.
  fileprivate func rect(_ rect: PixelRect, turned orientation: Orientation) -> PixelRect {
    let (left, right) = (rect.x, width - rect.maxX)
    let (top, bottom) = (rect.y, height - rect.maxY)
    let (x, y) =
      switch orientation {
      case .upright: (left, top)
      case .mirrored: (right, top)
      case .upsideDown: (right, bottom)
      case .upsideDownMirrored: (left, bottom)
      case .transposed: (top, left)
      case .turnedLeft: (bottom, left)
      case .antitransposed: (bottom, right)
      case .turnedRight: (top, right)
      }
    return orientation.swapsSides
      ? PixelRect(x: x, y: y, width: rect.height, height: rect.width)
      : PixelRect(x: x, y: y, width: rect.width, height: rect.height)
  }
}
