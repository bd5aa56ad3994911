import Foundation
import ImageCodecs

extension DataSet {
  /// A folder for each class, with its pictures in it and in folders below. Where the folder holds
  /// only folders such as `train` and `val`, the classes are looked for in these.
  ///
  /// Hidden files and folders are passed over, and so are files that are no pictures by name or first
  /// bytes; what is a picture by name and cannot be read is found later.
  init(folder root: String) throws(TrainingError) {
    var parts: [(folder: String, prefix: String, part: Part?)] = [(root, "", nil)]
    let names = try Self.folders(in: root)
    if names.count >= 2, let split = Self.parts(names) {
      parts = split.map { ("\(root)/\($0.name)", "\($0.name)/", $0.part) }
    }
    var found: [(name: String, file: String, label: String, part: Part?)] = []
    var labels: Set<String> = []
    var notes: [String] = []
    for (folder, prefix, part) in parts {
      let classes = try Self.folders(in: folder)
      guard !classes.isEmpty else {
        throw TrainingError(
          .environment,
          "\(folder): expected a folder of pictures for each class, found no folders in it")
      }
      for label in classes {
        let pictures = try Self.pictures(in: "\(folder)/\(label)")
        guard !pictures.isEmpty else {
          throw TrainingError(
            .environment,
            "\(folder)/\(label): expected pictures of the class '\(label)', found none; remove the "
              + "folder, or put pictures into it")
        }
        labels.insert(label)
        found += pictures.map {
          ("\(prefix)\(label)/\($0)", "\(folder)/\(label)/\($0)", label, part)
        }
      }
      let strays = try Self.contents(of: folder).count { name in
        PictureName.isPicture("\(folder)/\(name)")
      }
      if strays > 0 {
        notes.append("\(folder): \(strays) pictures lie outside the classes' folders; left out")
      }
    }
    let sorted = labels.sorted(by: Self.precedes)
    let positions = Dictionary(uniqueKeysWithValues: zip(sorted, 0...))
    try self.init(
      labels: sorted,
      examples: found.map {
        Example(name: $0.name, label: positions[$0.label] ?? 0, part: $0.part)
      },
      source: .files(found.map(\.file)), notes: notes, from: root)
    if let lacking = parts.compactMap(\.part).first(where: { part in
      Set(examples.lazy.filter { $0.part == part }.map(\.label)).count < labels.count
    }) {
      let present = Set(examples.lazy.filter { $0.part == lacking }.map(\.label))
      let missing = sorted.indices.filter { !present.contains($0) }.map { "'\(sorted[$0])'" }
      throw TrainingError(
        .environment,
        "\(root): no pictures for \(lacking.rawValue) of the class \(missing.joined(separator: ", "))"
          + "; the classes' folders have to be alike in \(names.joined(separator: " and "))")
    }
  }

  /// What the folders are for, if all of them are for a part of the data.
  private static func parts(_ names: [String]) -> [(name: String, part: Part)]? {
    let parts = names.compactMap { name in Part(named: name).map { (name, $0) } }
    let isBoth = Set(parts.map(\.1)).count == 2
    return parts.count == names.count && isBoth ? parts : nil
  }

  /// Names in a folder, hidden ones left aside, in an order that depends on them only.
  static func contents(of folder: String) throws(TrainingError) -> [String] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw TrainingError(
        .environment, "\(folder): the folder cannot be read; check its permissions")
    }
    return names.filter { !$0.hasPrefix(".") }.sorted(by: precedes)
  }

  private static func folders(in folder: String) throws(TrainingError) -> [String] {
    try contents(of: folder).filter { FileKind(of: "\(folder)/\($0)") == .folder }
  }

  /// Paths below a folder, its folders walked through.
  private static func pictures(in folder: String, depth: Int = 0) throws(TrainingError) -> [String]
  {
    var pictures: [String] = []
    for name in try contents(of: folder) {
      let path = "\(folder)/\(name)"
      switch FileKind(of: path) {
      // Links may lead in circles; nobody nests classes this deeply.
      case .folder where depth < 16:
        pictures += try Self.pictures(in: path, depth: depth + 1).map { "\(name)/\($0)" }
      case .file where PictureName.isPicture(path): pictures.append(name)
      default: break
      }
    }
    return pictures
  }

  /// By bytes, so that no language's rules matter.
  static func precedes(_ a: String, _ b: String) -> Bool {
    a.utf8.lexicographicallyPrecedes(b.utf8)
  }
}

extension DataSet.Part {
  /// What people call the parts; pictures for a test are for validation here.
  init?(named name: String) {
    switch name.lowercased() {
    case "train", "training": self = .training
    case "val", "valid", "validation", "test": self = .validation
    default: return nil
    }
  }
}

/// Which files are pictures.
enum PictureName {
  private static let endings: Set<String> = [
    "png", "jpg", "jpeg", "jpe", "jfif", "gif", "webp", "bmp", "tif", "tiff", "heic", "heif",
    "avif",
  ]

  /// By its name, or else by its first bytes.
  static func isPicture(_ path: String) -> Bool {
    guard FileKind(of: path) == .file else { return false }
    if let dot = path.lastIndex(of: "."),
      endings.contains(path[path.index(after: dot)...].lowercased())
    {
      return true
    }
    guard let handle = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? handle.close() }
    return ImageFormat(signatureOf: [UInt8]((try? handle.read(upToCount: 8)) ?? Data())) != nil
  }
}
