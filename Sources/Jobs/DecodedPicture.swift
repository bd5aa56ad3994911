import ImageCodecs
import Imaging

/// A picture of a job, decoded, upright and opaque, and where the network's input lies in it.
struct DecodedPicture {
  let item: WorkItem
  let digest: ContentDigest
  let picture: Bitmap
  let placement: Placement
  let input: MapRecord.Input

  init(
    _ item: WorkItem, bytes: [UInt8], digest: ContentDigest, of job: Job
  ) throws(Refusal) {
    let manifest = job.manifest
    let decoded: DecodedImage
    do throws(CodecError) {
      decoded = try ImageCodecs.decode(
        bytes, limit: DecodeLimit(pixels: manifest.maximumPixels),
        orientation: manifest.reading.orientation)
    } catch {
      throw Refusal(.unreadable, "\(error)")
    }
    self.item = item
    self.digest = digest
    picture = decoded.bitmap.opaque(manifest.reading.alpha)
    placement = manifest.reading.resize.placement(in: picture.size)
    input = MapRecord.Input(
      path: item.path, byteCount: bytes.count, size: picture.size, notes: decoded.notes)
  }
}
