import Tensors
import Testing

@testable import Training

struct AugmentationTests {
  private func changed(
    _ augmentation: Augmentation, _ picture: [UInt8], sample: Int = 0
  ) -> [Float] {
    var random = CounterRandom(seed: 1).sequence(sample: sample)
    return Tensor(shape: [1, 4, 4]) { target in
      augmentation.write(
        picture, width: 4, height: 4, channels: 1, to: target, random: &random)
    }.scalars
  }

  private let picture: [UInt8] = (0..<16).map { UInt8($0 * 17) }

  @Test func `without a change pixels are bytes over 255`() {
    let plain = picture.map { Float($0) * (1 / 255) }
    #expect(changed(Augmentation(), picture) == plain)
  }

  @Test func `pictures are mirrored every other time`() {
    var augmentation = Augmentation()
    augmentation.flip = true
    let plain = changed(Augmentation(), picture)
    let mirrored = (0..<4).flatMap { y in (0..<4).map { plain[y * 4 + 3 - $0] } }
    let seen = (0..<200).map { changed(augmentation, picture, sample: $0) }
    #expect(seen.allSatisfy { $0 == plain || $0 == mirrored })
    #expect((70...130).contains(seen.count { $0 == mirrored }))
  }

  @Test func `shifts mirror what comes in, and reach as far as asked`() {
    var augmentation = Augmentation()
    augmentation.crop = 0.25
    let rows = Set((0..<100).map { changed(augmentation, picture, sample: $0) })
    #expect(rows.count == 9)
    #expect(rows.allSatisfy { row in row.allSatisfy(changed(Augmentation(), picture).contains) })
  }

  @Test func `values stay in range, and the same sample changes alike`() throws {
    let augmentation = try Augmentation(parsing: "flip, crop:0.3,color:1,cutout:0.5,mixup:0.1")
    for sample in 0..<50 {
      let values = changed(augmentation, picture, sample: sample)
      #expect(values.allSatisfy { (0...1).contains($0) })
      #expect(values == changed(augmentation, picture, sample: sample))
    }
  }

  @Test func `what is written is read again`() throws {
    for text in ["none", "flip", "flip,crop:0.125,color:0.2,cutout:0.25,mixup:0.2"] {
      #expect(try Augmentation(parsing: text).description == text)
    }
    for text in ["turn", "crop:0", "crop:2", "flip:0.5", "crop:", "color:x"] {
      #expect(throws: TrainingError.self) { try Augmentation(parsing: text) }
    }
  }
}
