import ImageCodecs
import Imaging

/// A picture of a job, decoded, upright and opaque, and where the network's input lies in it.
struct DecodedPicture {
  let item: WorkItem
  let digest: ContentDigest
  let picture: Bitmap
  let placement: Placement
  let input: MapRecord.Input

  /// The picture as a network sees it, in gray for one channel.
  func pixels(channels: Int, filter: ResizeFilter) -> Bitmap {
    placement.input(from: channels == 1 ? picture.luminance : picture.colored, filter: filter)
  }

  init(
    _ item: WorkItem, bytes: [UInt8], digest: ContentDigest, of job: Job
  ) throws(Refusal) {
    let reading = job.manifest.reading
    let decoded: DecodedImage
    do throws(CodecError) {
      decoded = try ImageCodecs.decode(
        bytes, limit: DecodeLimit(pixels: job.manifest.maximumPixels),
        orientation: reading.orientation, truncation: reading.truncation,
        reducingTo: reading.reduces ? { reading.resize.comfortableSize(of: $0) } : nil)
    } catch .truncated(let format) {
      let reason = CodecError.truncated(format)
      throw Refusal(.unreadable, "\(reason), or read what is there by --allow-truncated")
    } catch {
      throw Refusal(.unreadable, "\(error)")
    }
    self.item = item
    self.digest = digest
    picture = decoded.bitmap.opaque(reading.alpha)
    placement = reading.resize.placement(in: picture.size)
    input = MapRecord.Input(
      path: item.path, byteCount: bytes.count, size: picture.size, notes: decoded.notes)
  }
}

extension InputGeometry {
  /// Twice the size that a picture is scaled to: shrinking from there leaves the filter something to
  /// weigh.
  fileprivate func comfortableSize(of picture: PixelSize) -> PixelSize {
    let scaled = placement(in: picture).scaled
    return PixelSize(width: 2 * scaled.width, height: 2 * scaled.height)
  }
}
