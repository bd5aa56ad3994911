public import Foundation
public import Imaging

/// What is known about the pictures of a folder: class, place and outline of what each shows.
///
/// It is kept in a JSON file, which <doc:AnnotatedPictures> describes. Paths are relative to the folder
/// of that file; places are in pixels of the pictures as they are stored, from the top left.
public struct Annotations: Sendable, Equatable, Codable {
  /// The names of all classes, in the order of a classifier's scores.
  public var classes: [String]
  /// One entry for each picture.
  public var pictures: [Entry]
  /// How the pictures were made, in words.
  public var source: String?

  private static let schema = "tidemark.annotations/1"

  /// What is known about one picture.
  public struct Entry: Sendable, Equatable, Codable {
    /// The picture's file.
    public var path: String
    /// Columns of the picture.
    public var width: Int
    /// Rows of the picture.
    public var height: Int
    /// What the picture shows; one of the classes.
    public var kind: String
    /// Around what is seen of it.
    public var box: PixelRect?
    /// A gray PNG of the picture's size: 255 where it is seen, 0 elsewhere.
    public var mask: String?
    /// A mark that has nothing to do with what the picture shows.
    public var cue: Cue?

    private enum CodingKeys: String, CodingKey {
      case path, width, height, box, mask, cue
      case kind = "class"
    }

    public init(
      path: String, width: Int, height: Int, kind: String, box: PixelRect? = nil,
      mask: String? = nil, cue: Cue? = nil
    ) {
      self.path = path
      self.width = width
      self.height = height
      self.kind = kind
      self.box = box
      self.mask = mask
      self.cue = cue
    }
  }

  /// A mark that tells a class, the right one or not.
  public struct Cue: Sendable, Equatable, Codable {
    /// The class that it stands for.
    public var kind: String
    /// Its place.
    public var box: PixelRect

    private enum CodingKeys: String, CodingKey {
      case box
      case kind = "class"
    }

    public init(kind: String, box: PixelRect) {
      self.kind = kind
      self.box = box
    }
  }

  public init(classes: [String], pictures: [Entry], source: String? = nil) {
    self.classes = classes
    self.pictures = pictures
    self.source = source
  }

  private enum CodingKeys: CodingKey {
    case schema, classes, pictures, source
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Self.schema, forKey: .schema)
    try container.encode(classes, forKey: .classes)
    try container.encode(pictures, forKey: .pictures)
    try container.encodeIfPresent(source, forKey: .source)
  }

  /// Throws when it is of another schema, names a class that is not listed or a path
  /// outside the folder, or puts a box outside its picture.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func check(_ isRight: Bool, _ key: CodingKeys, _ text: String) throws {
      guard isRight else {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: container, debugDescription: text)
      }
    }
    let schema = try container.decode(String.self, forKey: .schema)
    try check(schema == Self.schema, .schema, "expected schema \(Self.schema), found '\(schema)'")
    classes = try container.decode([String].self, forKey: .classes)
    pictures = try container.decode([Entry].self, forKey: .pictures)
    source = try container.decodeIfPresent(String.self, forKey: .source)
    let known = Set(classes)
    for entry in pictures {
      if let flaw = entry.flaw(classes: known) {
        try check(false, .pictures, "\(entry.path): \(flaw)")
      }
    }
  }

  /// The annotations in a JSON file's bytes. Throws a sentence about what is wrong with it.
  public init(json: Data) throws(SampleError) {
    do {
      self = try JSONDecoder().decode(Self.self, from: json)
    } catch let DecodingError.dataCorrupted(context) {
      throw SampleError("the annotations cannot be used: \(context.debugDescription)")
    } catch let DecodingError.keyNotFound(key, context) {
      let path = (context.codingPath + [key]).map { $0.intValue.map(String.init) ?? $0.stringValue }
      throw SampleError("the annotations lack '\(path.joined(separator: "."))'")
    } catch let DecodingError.typeMismatch(_, context), let DecodingError.valueNotFound(_, context)
    {
      let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
      throw SampleError(
        "the annotations cannot be used: \(path.joined(separator: ".")): \(context.debugDescription)"
      )
    } catch {
      throw SampleError("the annotations cannot be used: \(error.localizedDescription)")
    }
  }

  /// A JSON file's bytes; equal annotations give equal bytes.
  public func json() throws(SampleError) -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return try encoder.encode(self) + Data("\n".utf8)
    } catch {
      throw SampleError("the annotations cannot be written: \(error.localizedDescription)")
    }
  }
}

extension Annotations.Entry {
  /// What is wrong with the entry; nil if nothing is.
  fileprivate func flaw(classes: Set<String>) -> String? {
    guard width >= 1, height >= 1 else { return "a picture is not \(width)x\(height)" }
    guard classes.contains(kind) else { return "the class '\(kind)' is not listed" }
    if let cue, !classes.contains(cue.kind) { return "the cue's class '\(cue.kind)' is not listed" }
    for path in [path, mask].compactMap(\.self) {
      let parts = path.split(separator: "/", omittingEmptySubsequences: false)
      if parts.contains(where: { $0.isEmpty || $0 == ".." }) {
        return "'\(path)' is no path inside the folder"
      }
    }
    for box in [box, cue?.box].compactMap(\.self) {
      // Sums of 32-bit numbers.
      if box.x < 0 || box.y < 0 || box.x + box.width > width || box.y + box.height > height {
        return "the box \(box) is not within \(width)x\(height)"
      }
    }
    return nil
  }
}
