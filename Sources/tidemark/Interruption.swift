import Dispatch
import Foundation
import Jobs

/// Ends the program between two files when the user interrupts it, so that every file is whole and the
/// next run goes on from there.
struct Interruption {
  private let sources: [any DispatchSourceSignal]

  init(of store: ArtifactStore) {
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        store.closing {
          Console.writeToError("\ntidemark: interrupted; run again to go on\n")
          // Workers are in the middle of something: nothing may be torn down beneath them.
          _exit(128 + number)
        }
      }
      source.resume()
      return source
    }
  }
}
