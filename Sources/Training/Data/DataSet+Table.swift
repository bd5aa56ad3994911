import Foundation
import Networks

extension DataSet {
  /// A table with the columns `path` and `label`, and `split` where it says what a picture is for
  /// (`train` or `val`). Paths are taken from the table's folder.
  init(table path: String) throws(TrainingError) {
    let records = try Self.records(of: path)
    guard let header = records.first else {
      throw TrainingError(.environment, "\(path): is empty; expected a line path,label[,split]")
    }
    func column(_ name: String) -> Int? {
      header.fields.firstIndex {
        $0.trimmingCharacters(in: .whitespaces).lowercased() == name
      }
    }
    guard let pathColumn = column("path"), let labelColumn = column("label") else {
      throw TrainingError(
        .environment,
        "\(path):1: expected the columns path,label[,split], found "
          + "'\(header.fields.joined(separator: ","))'")
    }
    let splitColumn = column("split")
    let folder = URL(filePath: path).deletingLastPathComponent().path
    var rows: [(name: String, file: String, label: String, part: Part?)] = []
    var seen: [String: Int] = [:]
    for record in records.dropFirst() {
      let place = "\(path):\(record.line)"
      guard record.fields.count == header.fields.count else {
        throw TrainingError(
          .environment,
          "\(place): expected \(header.fields.count) fields as in the first line, found "
            + "\(record.fields.count)")
      }
      let (name, label) = (record.fields[pathColumn], record.fields[labelColumn])
      guard !name.isEmpty, !label.isEmpty else {
        throw TrainingError(
          .environment, "\(place): expected a path and a label, found '\(name)' and '\(label)'")
      }
      if let first = seen.updateValue(record.line, forKey: name) {
        throw TrainingError(
          .environment, "\(place): '\(name)' was listed in line \(first) already")
      }
      var part: Part?
      if let splitColumn {
        let text = record.fields[splitColumn]
        part = Part(named: text)
        guard part != nil else {
          throw TrainingError(
            .environment, "\(place): expected a split of train or val, found '\(text)'")
        }
      }
      rows.append((name, name.hasPrefix("/") ? name : "\(folder)/\(name)", label, part))
    }
    let labels = Self.sorted(Set(rows.map(\.label)))
    let positions = Dictionary(uniqueKeysWithValues: zip(labels, 0...))
    try self.init(
      labels: labels,
      examples: rows.map {
        Example(name: $0.name, label: positions[$0.label] ?? 0, part: $0.part)
      }, source: .files(rows.map(\.file)), from: path)
    try Self.checkParts(examples, labels: labels, path: path)
  }

  private static func records(of path: String) throws(TrainingError) -> [CSV.Record] {
    let bytes: Data
    do throws(LayerError) {
      bytes = try RegularFile(path).contents(limit: 1 << 30)
    } catch {
      throw TrainingError(.environment, "\(path): \(error.reason)")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw TrainingError(.environment, "\(path): expected UTF-8 text, found other bytes")
    }
    do throws(CSVError) {
      return try CSV.records(text)
    } catch {
      throw TrainingError(.environment, "\(path):\(error.line): \(error.reason)")
    }
  }

  /// Numbers by size, as long as all are, else by bytes.
  private static func sorted(_ labels: Set<String>) -> [String] {
    let numbers = labels.compactMap { label in Int(label).map { (number: $0, label: label) } }
    guard numbers.count == labels.count else { return labels.sorted(by: precedes) }
    return numbers.sorted { ($0.number, $0.label) < ($1.number, $1.label) }.map(\.label)
  }

  /// Throws where the data say what pictures are for, and leave a class out of the training.
  static func checkParts(
    _ examples: [Example], labels: [String], path: String
  ) throws(TrainingError) {
    guard examples.contains(where: { $0.part != nil }) else { return }
    let trained = Set(examples.lazy.filter { $0.part == .training }.map(\.label))
    if let missing = labels.indices.first(where: { !trained.contains($0) }) {
      throw TrainingError(
        .environment,
        "\(path): none of the pictures for training shows '\(labels[missing])'; every class needs some"
      )
    }
    if !examples.contains(where: { $0.part == .validation }) {
      throw TrainingError(
        .environment,
        "\(path): all pictures are for training; expected some for validation (split 'val'), or no "
          + "split at all, so that --validation decides")
    }
  }
}
