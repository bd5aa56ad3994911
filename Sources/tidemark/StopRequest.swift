import Dispatch
import Foundation
import Synchronization

/// Remembers that somebody asked the program to stop, so that it can end between two steps. Asking twice
/// ends it at once.
struct StopRequest {
  private let asked = Asked()
  private let sources: [any DispatchSourceSignal]

  init() {
    sources = [SIGINT, SIGTERM].map { [asked] number in
      Foundation.signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { asked.receive(number) }
      source.resume()
      return source
    }
  }

  /// The first signal that asked; nil as long as none did.
  var signal: Int32? { asked.first }

  private final class Asked: Sendable {
    private let signal = Mutex<Int32?>(nil)

    var first: Int32? { signal.withLock { $0 } }

    func receive(_ number: Int32) {
      signal.withLock { signal in
        if signal != nil { _exit(128 + number) }
        signal = number
      }
    }
  }
}
