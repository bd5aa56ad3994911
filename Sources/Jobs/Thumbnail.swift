import Foundation
import ImageCodecs
import Imaging

extension Job {
  /// A picture at the size that it is shown in on sheets; nil where it cannot be read.
  func thumbnail(of item: WorkItem) -> Bitmap? {
    let reading = manifest.reading
    let side = 176
    // A JPEG decoded to twice a thumbnail's size is as good as the whole.
    let decoded = try? ImageCodecs.decode(
      Array(try Data(contentsOf: URL(filePath: item.file))),
      limit: DecodeLimit(pixels: manifest.maximumPixels), orientation: reading.orientation,
      truncation: reading.truncation, reducingTo: { _ in PixelSize(side: 2 * side) })
    return decoded?.bitmap.opaque(reading.alpha).shrunk(toSide: side)
  }
}

extension Bitmap {
  /// No side longer than this many pixels; itself where none is.
  func shrunk(toSide side: Int) -> Bitmap {
    let longest = max(width, height)
    guard longest > side else { return self }
    func scaled(_ length: Int) -> Int { max((length * side + longest / 2) / longest, 1) }
    return resized(to: PixelSize(width: scaled(width), height: scaled(height)))
  }
}

extension Placement {
  /// The same for a copy of the picture of another size.
  func over(_ picture: PixelSize) -> Placement {
    Placement(picture: picture, scaled: scaled, window: window)
  }
}
