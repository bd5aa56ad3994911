import Foundation

/// Memory for decoded pictures, shared by the workers.
///
/// A picture's header tells what it will take before it is decoded. One that does not fit beside the
/// others waits for them; one that does not fit at all is refused. Waiting blocks the worker's own
/// thread, never one of Swift's cooperative pool.
///
/// `@unchecked Sendable` holds because `free` is only touched while the condition is locked.
final class PictureRoom: @unchecked Sendable {
  /// What a picture takes while it is explained: its pixels as decoded and without alpha, a map of its
  /// size before and after scaling, what is drawn, and the drawing's file.
  static let bytesPerPixel = 20

  let byteCount: Int
  private var free: Int
  private let condition = NSCondition()

  init(byteCount: Int) {
    self.byteCount = max(byteCount, 0)
    free = self.byteCount
  }

  /// Runs `body` when there is room for a picture of so many pixels; nil where there never will be.
  func holding<R, E: Error>(pixels: Int, _ body: () throws(E) -> R) throws(E) -> R? {
    let (wanted, overflow) = pixels.multipliedReportingOverflow(by: Self.bytesPerPixel)
    guard !overflow, wanted <= byteCount else { return nil }
    condition.lock()
    while free < wanted { condition.wait() }
    free -= wanted
    condition.unlock()
    defer {
      condition.lock()
      free += wanted
      condition.broadcast()
      condition.unlock()
    }
    return try body()
  }
}
