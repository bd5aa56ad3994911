import Explanations
import ImageCodecs
import Imaging
import Networks
import Rendering
import Tensors

/// Another picture that a method found, as files beside its map: its numbers, the picture, and a
/// comparison with the one that was explained.
struct StoredCounterpart {
  let record: MapRecord.Counterpart
  /// `[1, C, H, W]`, as the network reads it.
  let pixels: Tensor
  /// Of the `.npy` file.
  let bytes: [UInt8]

  /// - Parameter prediction: what the network says of it: the best classes.
  init(_ pixels: Tensor, prediction: [MapRecord.Guess]) {
    self.pixels = pixels
    bytes = NPY.bytes(of: pixels)
    record = MapRecord.Counterpart(
      shape: pixels.shape.extents, numbers: ContentDigest(of: bytes), prediction: prediction)
  }

  /// The picture that a sidecar speaks of, read back; nil unless its numbers are those that were written.
  init?(_ record: MapRecord.Counterpart, at stem: String, in store: ArtifactStore) {
    guard
      let pixels = StoredMap.values(
        record.numbers, at: record.path("npy", at: stem), in: store, rank: 4),
      pixels.shape[0] == 1
    else { return nil }
    self.init(pixels, prediction: record.prediction)
  }

  /// The picture, to the nearest of 256 levels: it may lie on the other side of a boundary that the
  /// numbers lie beyond.
  var bitmap: Bitmap { Bitmap(pixels) }

  /// Side by side: what the network saw, the counterpart, and the difference, amplified around gray.
  func comparison(
    with picture: DecodedPicture, filter: ResizeFilter, _ words: DrawingWords
  ) -> Bitmap {
    let input = picture.pixels(channels: pixels.shape[1], filter: filter)
    let difference = pixels - Tensor(pixels: input)
    let factor = Self.amplification(of: difference)
    let side = min(max(input.width, input.height, 224), 448)
    var sheet = ContactSheet(
      title: words.title, columns: ["seen by the network", "counterpart", "difference"],
      thumbnail: PixelSize(side: side), rowsPerPage: 2)
    _ = sheet.append(
      ContactSheet.Row(
        label: "",
        cells: [
          .picture(input, caption: words.best),
          .picture(bitmap, caption: words.counterpart),
          .picture(
            Bitmap(aroundGray: difference, times: Float(factor)),
            caption: "\(words.change), shown × \(factor)"),
        ]))
    return sheet.finish() ?? bitmap
  }

  /// The largest round number by which a difference still fits around a middle gray.
  static func amplification(of difference: Tensor) -> Int {
    let largest = difference.largestMagnitude
    guard largest > 0, largest.isFinite else { return 1 }
    var factor = 1
    for step in [2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]
    where Float(step) * largest <= 0.5 { factor = step }
    return factor
  }
}

extension Bitmap {
  /// A change `[1, C, H, W]`, multiplied, around a middle gray.
  init(aroundGray change: Tensor, times factor: Float) {
    self.init(change.map { 0.5 + factor * $0 })
  }
}
