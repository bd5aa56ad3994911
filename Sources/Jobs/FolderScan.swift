import Foundation

/// The pictures among files and folders that were given, in an order that depends on their names only.
///
/// A file that is given is always a picture to be explained. In a folder and all folders below,
/// pictures are files whose name ends as pictures' names do, and files of any name that begin as PNG
/// and JPEG files do. Left out are hidden files and folders, the output folder, pictures that this
/// program has made, and folders that were reached before (so loops of links end).
public struct FolderScan: Sendable {
  /// Sorted by path.
  public private(set) var items: [WorkItem] = []
  /// Files and folders that cannot be used, with reasons, sorted by path.
  public private(set) var problems: [Problem] = []
  /// Pictures that were passed over because this program made them.
  public private(set) var ownPictureCount = 0

  public struct Problem: Sendable, Hashable {
    public let path: String
    public let reason: String
  }

  private struct Found {
    let relative: String
    let root: Int
    let file: String
  }

  private var found: [Found] = []
  private var visited: Set<FileStatus.Identity> = []
  private var files: Set<String> = []

  /// - Parameter output: a folder in which nothing is looked for, whether it is there yet or not.
  public init(of inputs: [String], output: String) {
    let outputFolder = FileStatus(of: output)?.identity
    if let outputFolder { visited.insert(outputFolder) }
    for (root, input) in inputs.enumerated() {
      guard let status = FileStatus(of: input) else {
        problems.append(Problem(path: input, reason: "there is no such file or folder"))
        continue
      }
      switch status.kind {
      case .folder where status.identity == outputFolder:
        problems.append(
          Problem(
            path: input,
            reason: "is the output folder, in which no pictures are looked for; choose another by "
              + "--out"))
      case .folder: scan(input, root: root)
      case .file where PictureFile.isOurs(input):
        problems.append(
          Problem(path: input, reason: "was made by tidemark, so it is not explained again"))
      case .file: add(input, relative: Self.name(of: input), root: root)
      case .other:
        problems.append(Problem(path: input, reason: "is neither a file nor a folder"))
      }
    }
    let names = Self.names(ofRoots: inputs)
    items = Self.disambiguated(found, names: names).sorted { Self.precedes($0.path, $1.path) }
    problems.sort { Self.precedes($0.path, $1.path) }
    found = []
  }

  /// Walks a folder: what lies in it before what links lead to, so that a picture goes by the name of
  /// its own place where it has one.
  private mutating func scan(_ root: String, root index: Int) {
    var folders = [(path: root, relative: "")]
    var linked: [(path: String, relative: String)] = []
    while let folder = folders.popLast() ?? linked.popLast() {
      guard let status = FileStatus(of: folder.path), status.kind == .folder,
        visited.insert(status.identity).inserted
      else { continue }
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else {
        problems.append(
          Problem(
            path: folder.relative.isEmpty ? root : folder.relative,
            reason: "the folder cannot be read; check its permissions"))
        continue
      }
      for name in names.sorted(by: >) where !name.hasPrefix(".") {
        let path = folder.path.hasSuffix("/") ? folder.path + name : "\(folder.path)/\(name)"
        let relative = folder.relative.isEmpty ? name : "\(folder.relative)/\(name)"
        visit(path, relative: relative, root: index, folders: &folders, linked: &linked)
      }
    }
  }

  private mutating func visit(
    _ path: String, relative: String, root: Int,
    folders: inout [(path: String, relative: String)],
    linked: inout [(path: String, relative: String)]
  ) {
    let looksLikePicture = PictureFile.hasPictureName(relative)
    guard let status = FileStatus(of: path) else {
      if looksLikePicture {
        // A name that is listed and yet not found is one that Swift's text cannot hold.
        let isLink = FileStatus(of: path, followingLinks: false) != nil
        problems.append(
          Problem(
            path: relative,
            reason: isLink
              ? "is a link that leads nowhere"
              : "cannot be found by its name, which may not be UTF-8 text; rename it"))
      }
      return
    }
    switch status.kind {
    case .folder:
      let isLink = FileStatus(of: path, followingLinks: false)?.kind == .other
      if isLink { linked.append((path, relative)) } else { folders.append((path, relative)) }
    case .file:
      guard looksLikePicture || PictureFile.beginsAsPicture(path) else { return }
      if PictureFile.isOurs(path) {
        ownPictureCount += 1
      } else {
        add(path, relative: relative, root: root)
      }
    case .other:
      if looksLikePicture {
        problems.append(Problem(path: relative, reason: "is neither a file nor a folder"))
      }
    }
  }

  private mutating func add(_ file: String, relative: String, root: Int) {
    guard files.insert(URL(filePath: file).standardizedFileURL.path).inserted else { return }
    found.append(Found(relative: relative, root: root, file: file))
  }

  // MARK: - Names

  /// Pictures of several roots may have the same relative path; these go by their root's name too.
  private static func disambiguated(_ found: [Found], names: [String]) -> [WorkItem] {
    let counts = Dictionary(found.map { ($0.relative, 1) }, uniquingKeysWith: +)
    var taken = Set(counts.filter { $0.value == 1 }.keys)
    return found.map { picture in
      guard counts[picture.relative] != 1 else {
        return WorkItem(path: picture.relative, file: picture.file)
      }
      var root = names[picture.root]
      while !taken.insert("\(root)/\(picture.relative)").inserted { root += "~" }
      return WorkItem(path: "\(root)/\(picture.relative)", file: picture.file)
    }
  }

  /// The last component of each root's path (a file's folder), numbered where several have the same.
  private static func names(ofRoots inputs: [String]) -> [String] {
    var counts: [String: Int] = [:]
    return inputs.map { input in
      let url = URL(filePath: input).standardizedFileURL
      let isFolder = FileStatus(of: input)?.kind == .folder
      let last = name(of: (isFolder ? url : url.deletingLastPathComponent()).path)
      let name = last.isEmpty || last == ".." ? "root" : last
      counts[name, default: 0] += 1
      let count = counts[name, default: 1]
      return count == 1 ? name : "\(name)~\(count)"
    }
  }

  private static func name(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? ""
  }

  /// By bytes, so that no language's rules matter.
  private static func precedes(_ a: String, _ b: String) -> Bool {
    a.utf8.lexicographicallyPrecedes(b.utf8)
  }
}
