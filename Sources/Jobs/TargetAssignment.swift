import Explanations
import Foundation
import Networks

/// Targets for each picture of a job: the same one, or one from a table.
struct TargetAssignment: Sendable {
  private let common: ResolvedTarget?
  private let byPath: [String: ResolvedTarget]

  /// The same target for every picture.
  init(_ target: ResolvedTarget) {
    common = target
    byPath = [:]
  }

  /// Reads a table with the columns `path` and `target`; others are passed over.
  ///
  /// Paths are the pictures' relative paths. Throws, naming the line, for a path that is not among
  /// `paths`, a path that occurs twice and a target that cannot be resolved. Pictures without a line
  /// have no target, which makes them fail, one by one.
  init(
    table text: String, file: String, paths: Set<String>, labels: [String], classCount: Int
  ) throws(JobError) {
    func error(_ line: Int, _ reason: String) -> JobError {
      JobError(.request, "\(file), line \(line): \(reason)")
    }
    let records: [CSV.Record]
    do throws(CSVError) {
      records = try CSV.records(text)
    } catch {
      throw JobError(.request, "\(file), line \(error.line): \(error.reason)")
    }
    let header = records.first?.fields ?? []
    guard let pathColumn = header.firstIndex(of: "path"),
      let targetColumn = header.firstIndex(of: "target")
    else {
      throw error(
        1,
        "expected a header with the columns path and target, found '\(header.joined(separator: ","))'"
      )
    }
    var byPath: [String: ResolvedTarget] = [:]
    for record in records.dropFirst() {
      guard record.fields.count == header.count else {
        throw error(
          record.line, "expected \(header.count) fields, found \(record.fields.count)")
      }
      let path = record.fields[pathColumn]
      guard paths.contains(path) else {
        let near = NearMatches.of(path, among: paths.sorted())
        throw error(
          record.line,
          "no picture of this job has the path '\(path)'"
            + (near.isEmpty ? "" : "; did you mean '\(near[0])'?"))
      }
      guard byPath[path] == nil else {
        throw error(record.line, "the path '\(path)' occurs twice")
      }
      do throws(TargetError) {
        byPath[path] = try Target(record.fields[targetColumn])
          .resolved(labels: labels, classCount: classCount)
      } catch let reason {
        throw error(record.line, "\(reason)")
      }
    }
    common = nil
    self.byPath = byPath
  }

  /// Resolves a target for the pictures of a job, reading its table if it has one.
  init(
    _ target: Target, paths: Set<String>, labels: [String], classCount: Int
  ) throws(JobError) {
    guard case .table(let file) = target else {
      do throws(TargetError) {
        self.init(try target.resolved(labels: labels, classCount: classCount))
      } catch {
        throw JobError(.request, "\(error)")
      }
      return
    }
    guard let text = try? String(contentsOf: URL(filePath: file), encoding: .utf8) else {
      throw JobError(
        .request, "\(file): the table of targets cannot be read; it must be a file of UTF-8 text")
    }
    try self.init(
      table: text, file: file, paths: paths, labels: labels, classCount: classCount)
  }

  /// What is to be explained of a picture; nil where the table does not list it.
  func target(ofPath path: String) -> ResolvedTarget? { common ?? byPath[path] }
}
