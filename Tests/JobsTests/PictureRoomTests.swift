import Foundation
import Synchronization
import Testing

@testable import Jobs

struct PictureRoomTests {
  @Test func `a picture that can never fit is refused, whatever its size`() {
    let room = PictureRoom(byteCount: 100 * 24, bytesPerPixel: 24)
    #expect(room.holding(pixels: 100) { 1 } == 1)
    #expect(room.holding(pixels: 101) { 1 } == nil)
    #expect(room.holding(pixels: .max) { 1 } == nil)
    #expect(PictureRoom(byteCount: -5, bytesPerPixel: 24).holding(pixels: 1) { 1 } == nil)
  }

  @Test func `pictures that do not fit together take turns, and others go on`() async {
    let room = PictureRoom(byteCount: 100 * 24, bytesPerPixel: 24)
    let held = Mutex((now: 0, most: 0))
    let results = WorkerThreads(count: 4).results(of: Array(repeating: 60, count: 12) + [40, 40]) {
      pixels in
      room.holding(pixels: pixels) {
        held.withLock { state in
          state.now += pixels
          state.most = max(state.most, state.now)
        }
        Thread.sleep(forTimeInterval: 0.002)
        held.withLock { $0.now -= pixels }
        return true
      }
    }
    var done = 0
    for await result in results where result.result == true { done += 1 }
    #expect(done == 14)
    #expect(held.withLock { $0.most } <= 100)
  }
}
