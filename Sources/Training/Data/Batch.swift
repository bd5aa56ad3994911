import Imaging
import Tensors

/// Pictures to learn from together.
struct Batch: Sendable {
  /// `[N, C, H, W]`, values 0...1 unless noise was added.
  let inputs: Tensor
  /// The shares of the classes, `[N, K]`; each row adds up to 1.
  let targets: Tensor
  /// The pictures' positions among the examples.
  let members: [Int]
  /// The class of each picture, before any mixing.
  let labels: [Int]
  /// How many pictures of the epoch's order were used up, this batch's and those passed over included.
  let end: Int
}

extension Batch {
  /// Pictures as they are. Traps unless there is one.
  init(plain pictures: [[UInt8]], _ members: [Int], of store: PictureStore) {
    let size = store.geometry.input
    let count = store.sampleCount
    inputs = Tensor(shape: [members.count, store.channels, size.height, size.width]) { target in
      for (place, picture) in pictures.enumerated() {
        Augmentation.plain(
          picture, area: size.area, channels: store.channels,
          to: UnsafeMutableBufferPointer(rebasing: target[place * count..<(place + 1) * count]))
      }
    }
    self.members = members
    labels = members.map { store.data.examples[$0].label }
    targets = Self.targets(labels, classCount: store.data.labels.count)
    end = members.count
  }

  /// 1 for each picture's class, 0 for the others.
  static func targets(_ labels: [Int], classCount: Int) -> Tensor {
    var targets = Tensor(zeros: [labels.count, classCount])
    targets.withMutableScalars { targets in
      for (place, label) in labels.enumerated() { targets[place * classCount + label] = 1 }
    }
    return targets
  }
}
