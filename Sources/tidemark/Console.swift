import ArgumentParser
import Foundation
import Jobs
import Synchronization
import Training

/// What scripts can tell from how the program ends.
enum Outcome {
  static let someFailed = ExitCode(2)
  static let nothingDone = ExitCode(3)
  static let usage = ExitCode.validationFailure
  static let interrupted = ExitCode(130)
}

/// The one place that talks to whoever called: results go to standard output, all else to standard
/// error.
enum Console {
  /// What standard error is written in.
  static let format = Mutex(LogFormat.text)

  static func error(_ text: String) { tell("error", text) }

  static func note(_ text: String) { tell("note", text) }

  static func failed(_ text: String) { tell("failed", text, keepingLines: false) }

  static func omitted(_ method: String, _ reason: String) {
    tell("passed over", reason.hasPrefix(method) ? reason : "\(method): \(reason)")
  }

  private static func tell(_ event: String, _ text: String, keepingLines: Bool = true) {
    switch format.withLock({ $0 }) {
    case .text:
      writeToError("tidemark: \(event): \(visible(text, keepingLines: keepingLines))\n")
    case .json: writeLine(["event": event, "text": text])
    }
  }

  /// A JSON object on a line of its own.
  static func writeLine(_ value: some Encodable) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Texts and numbers can always be written.
    guard let data = try? encoder.encode(value) else { return }
    writeToError(String(decoding: data, as: UTF8.self) + "\n")
  }

  /// The text with its control characters written out, so that names of files and layers, which come
  /// from outside, command no terminal.
  static func visible(_ text: String, keepingLines: Bool = true) -> String {
    text.unicodeScalars.map { scalar in
      scalar.properties.generalCategory != .control || keepingLines && scalar == "\n"
        ? String(scalar) : scalar.escaped(asASCII: true)
    }.joined()
  }

  /// Whether a person sees standard error.
  static var isWatched: Bool { isatty(FileHandle.standardError.fileDescriptor) == 1 }

  static func writeToError(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }

  /// Ends the program as an error asks for, with a message where there is one.
  static func end(with error: any Error) -> Never {
    switch error {
    case let error as JobError:
      self.error(error.description)
      exit((error.kind == .request ? Outcome.usage : Outcome.nothingDone).rawValue)
    case let error as TrainingError:
      self.error(error.description)
      exit((error.kind == .request ? Outcome.usage : Outcome.nothingDone).rawValue)
    case let code as ExitCode:
      exit(code.rawValue)
    default:
      let code = Tidemark.exitCode(for: error)
      if code.isSuccess { Tidemark.exit(withError: error) }
      self.error(Tidemark.message(for: error))
      if format.withLock({ $0 }) == .text {
        writeToError("See 'tidemark --help', or 'tidemark help COMMAND'.\n")
      }
      exit(code.rawValue)
    }
  }
}
