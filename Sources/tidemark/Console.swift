import ArgumentParser
import Foundation
import Jobs

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
  static func error(_ text: String) { writeToError("tidemark: error: \(visible(text))\n") }

  static func note(_ text: String) { writeToError("tidemark: note: \(visible(text))\n") }

  static func failed(_ text: String) {
    writeToError("tidemark: failed: \(visible(text, keepingLines: false))\n")
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
    case let code as ExitCode:
      exit(code.rawValue)
    default:
      let code = Tidemark.exitCode(for: error)
      if code.isSuccess { Tidemark.exit(withError: error) }
      self.error(Tidemark.message(for: error))
      writeToError("See 'tidemark --help', or 'tidemark help COMMAND'.\n")
      exit(code.rawValue)
    }
  }
}
