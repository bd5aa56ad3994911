import Foundation
import Networks

/// The classes' names, and where they come from.
public struct Labels: Sendable, Equatable {
  /// One per class, or empty.
  public let names: [String]
  /// A sentence's end: `from 'labels.txt' beside the model`.
  public let source: String

  /// Looks for names: in the file that is given, in the model, then beside the model, in a file of its
  /// name, in `labels.txt`, and in `imagenet_labels.txt`. Files for many models count only where they
  /// have a line for each class. Throws for a file that is given, or that has the model's name, and
  /// cannot be used.
  init(file: String?, model path: String, network: Network) throws(JobError) {
    if let file {
      names = try Self.names(in: file, classCount: network.classCount)
      source = "from '\(file)'"
      return
    }
    guard network.labels.isEmpty else {
      names = network.labels
      source = "from the model"
      return
    }
    let model = URL(filePath: path)
    let folder = model.deletingLastPathComponent()
    let own = model.deletingPathExtension().lastPathComponent + ".labels.txt"
    if FileStatus(of: folder.appending(component: own).path) != nil {
      names = try Self.names(
        in: folder.appending(component: own).path, classCount: network.classCount)
      source = "from '\(own)' beside the model"
      return
    }
    for name in ["labels.txt", "imagenet_labels.txt"] {
      let file = folder.appending(component: name).path
      if let names = try? Self.names(in: file, classCount: network.classCount) {
        self.names = names
        source = "from '\(name)' beside the model"
        return
      }
    }
    names = []
    source = "none"
  }

  /// One name per line.
  private static func names(in file: String, classCount: Int) throws(JobError) -> [String] {
    guard let text = try? String(contentsOf: URL(filePath: file), encoding: .utf8) else {
      throw JobError(
        .request, "\(file): the labels cannot be read; expected UTF-8 text, one label per line")
    }
    var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces.union(["\u{FEFF}"])) }
    while lines.last?.isEmpty == true { lines.removeLast() }
    guard lines.count == classCount else {
      throw JobError(
        .request,
        "\(file): found \(lines.count) labels, but the network has \(classCount) classes; "
          + "there must be one line for each")
    }
    return lines
  }
}
