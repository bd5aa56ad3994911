import Foundation
import Rendering

/// Memory for decoded pictures, shared by the workers.
///
/// A picture's header tells what it will take before it is decoded. One that does not fit beside the
/// others waits for them; one that does not fit at all is refused. Waiting blocks the worker's own
/// thread, never one of Swift's cooperative pool.
///
/// `@unchecked Sendable` holds because `free` is only touched while the condition is locked.
final class PictureRoom: @unchecked Sendable {
  let byteCount: Int
  /// What a picture takes while it is explained.
  let bytesPerPixel: Int
  private var free: Int
  private let condition = NSCondition()

  init(byteCount: Int, bytesPerPixel: Int) {
    self.byteCount = max(byteCount, 0)
    self.bytesPerPixel = bytesPerPixel
    free = self.byteCount
  }

  /// Runs `body` when there is room for a picture of so many pixels; nil where there never will be.
  func holding<R, E: Error>(pixels: Int, _ body: () throws(E) -> R) throws(E) -> R? {
    let (wanted, overflow) = pixels.multipliedReportingOverflow(by: bytesPerPixel)
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

extension OverlayRenderer {
  /// What a picture takes while it is drawn: its pixels as decoded, without alpha and in gray, a map of
  /// its size before and after scaling, what is drawn, and the drawing's file; more where the map is
  /// blurred for its outlines, or drawn to the picture's edges.
  var bytesPerPixel: Int { 24 + (contours ? 8 : 0) + (enlargement == .edges ? 20 : 0) }
}
