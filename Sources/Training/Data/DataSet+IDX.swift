import Foundation

extension DataSet {
  /// IDX files of pictures, `[N, H, W]` or `[N, H, W, C]`, each with a file of labels `[N]` whose name
  /// has `labels-idx1` for `images-idx3`. Two files are one for training and one for validation.
  init(idx paths: [String], labels names: [String]?) throws(TrainingError) {
    guard let first = paths.first else {
      throw TrainingError(.environment, "no IDX files of pictures are there")
    }
    var files: [(pictures: IDXFile, labels: IDXFile, path: String, part: Part?)] = []
    for path in paths {
      let part = paths.count > 1 ? Self.part(ofFile: path) : nil
      files.append((try Self.pictures(path), try Self.labels(beside: path), path, part))
    }
    let shape = files[0].pictures.extents.dropFirst()
    for (pictures, labels, path, _) in files {
      guard pictures.extents[0] == labels.extents[0] else {
        throw TrainingError(
          .environment,
          "\(path): holds \(pictures.extents[0]) pictures, but the file of labels beside it has "
            + "\(labels.extents[0]); are both of one set?")
      }
      guard pictures.extents.dropFirst() == shape else {
        throw TrainingError(
          .environment,
          "\(path): expected pictures of \(Self.text(shape)) as in \(first), found "
            + Self.text(pictures.extents.dropFirst()))
      }
    }
    let count = files.reduce(0) { max($0, Int($1.labels.bytes[$1.labels.start...].max() ?? 0) + 1) }
    if let names, names.count != count {
      throw TrainingError(
        .request,
        "\(first): its labels go up to \(count - 1), so there are \(count) classes, but --labels has "
          + "\(names.count) names")
    }
    var examples: [Example] = []
    for (_, labels, _, part) in files {
      for value in labels.bytes[labels.start...] {
        examples.append(Example(name: "#\(examples.count)", label: Int(value), part: part))
      }
    }
    let present = Set(examples.map(\.label))
    if let missing = (0..<count).first(where: { !present.contains($0) }) {
      throw TrainingError(
        .environment, "\(first): no picture has the label \(missing), though some have larger ones")
    }
    let extents = files[0].pictures.extents
    try self.init(
      labels: names ?? (0..<count).map(String.init), examples: examples,
      source: .stored(
        IDXFile(joining: files.map(\.pictures)), height: extents[1], width: extents[2],
        channels: extents.count == 4 ? extents[3] : 1), from: first)
    try Self.checkParts(examples, labels: self.labels, path: first)
  }

  /// Files of pictures in a folder: one, or a pair of training and validation.
  static func idxPictures(in folder: String) throws(TrainingError) -> [String] {
    let files = try contents(of: folder).filter { $0.contains("images-idx") }
    let parts = files.compactMap { Part(ofFile: $0) }
    guard files.count <= 1 || files.count == 2 && Set(parts).count == 2 else {
      throw TrainingError(
        .request,
        "\(folder): holds \(files.count) IDX files of pictures (\(files.joined(separator: ", "))); "
          + "name the one to train on")
    }
    return files.map { "\(folder)/\($0)" }
  }

  private static func part(ofFile path: String) -> Part? {
    Part(ofFile: URL(filePath: path).lastPathComponent)
  }

  private static func pictures(_ path: String) throws(TrainingError) -> IDXFile {
    let file = try IDXFile(path)
    let extents = file.extents
    guard extents.count == 3 || extents.count == 4 && [1, 3].contains(extents[3]),
      extents[0] >= 1, extents[1] >= 1, extents[2] >= 1
    else {
      throw TrainingError(
        .environment,
        "\(path): expected pictures NxHxW, or NxHxWx3 for colour, found \(text(extents[...]))")
    }
    return file
  }

  private static func labels(beside path: String) throws(TrainingError) -> IDXFile {
    let url = URL(filePath: path)
    let name = url.lastPathComponent.replacing("images", with: "labels")
      .replacing("idx3", with: "idx1").replacing("idx4", with: "idx1")
    let folder = url.deletingLastPathComponent()
    let stem = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
    let candidates = [name, stem, "\(stem).gz"].map { folder.appending(component: $0).path }
    guard name != url.lastPathComponent,
      let found = candidates.first(where: { FileKind(of: $0) == .file })
    else {
      throw TrainingError(
        .environment,
        "\(path): expected its labels beside it, in a file called '\(name)' (as "
          + "train-labels-idx1-ubyte goes with train-images-idx3-ubyte), found none")
    }
    let file = try IDXFile(found)
    guard file.extents.count == 1 else {
      throw TrainingError(
        .environment,
        "\(found): expected one label for each picture, found \(text(file.extents[...]))"
      )
    }
    return file
  }

  private static func text(_ extents: ArraySlice<Int>) -> String {
    extents.map(String.init).joined(separator: "x")
  }
}

extension DataSet.Part {
  /// By how MNIST's files are called.
  fileprivate init?(ofFile name: String) {
    if name.hasPrefix("train") {
      self = .training
    } else if ["t10k", "test", "val"].contains(where: name.hasPrefix) {
      self = .validation
    } else {
      return nil
    }
  }
}

extension IDXFile {
  /// Several files of pictures as one. Traps unless pictures are alike.
  init(joining files: [IDXFile]) {
    let shape = files[0].extents.dropFirst()
    precondition(files.allSatisfy { $0.extents.dropFirst() == shape }, "pictures differ in size")
    self.init(
      extents: [files.reduce(0) { $0 + $1.extents[0] }] + shape,
      bytes: files.count == 1 ? files[0].bytes : files.flatMap { $0.bytes[$0.start...] },
      start: files.count == 1 ? files[0].start : 0)
  }

  private init(extents: [Int], bytes: [UInt8], start: Int) {
    self.extents = extents
    self.bytes = bytes
    self.start = start
  }
}
