import Dispatch
import Foundation
import Imaging
import Synchronization
import Tensors

/// Makes the batches of an epoch on a thread of its own, a few ahead of who learns from them.
///
/// What a batch holds depends on seed, epoch and position alone. Pictures that cannot be read are
/// passed over; the next in order take their places. What is left over at the end of an epoch and
/// makes no full batch waits for another epoch's order.
final class BatchLoader: Sendable {
  /// What batches are made of.
  struct Recipe: Sendable {
    let store: PictureStore
    /// Positions of examples to learn from.
    let examples: [Int]
    let batchSize: Int
    let augmentation: Augmentation
    /// Deviation of Gaussian noise, in pixels 0...1.
    let noise: Float
    let seed: UInt64
    /// Whether a picture that cannot be read ends the training.
    let isStrict: Bool
  }

  private enum Message: Sendable {
    case batch(Batch)
    case problem(TrainingError)
    case end
  }

  private struct State {
    var messages: [Message] = []
    var isCancelled = false
  }

  /// Batches that are made ahead.
  private static let depth = 3

  private let recipe: Recipe
  private let epoch: Int
  private let report: @Sendable (PictureProblem) -> Void
  private let state = Mutex(State())
  private let room = DispatchSemaphore(value: 0)
  private let ready = DispatchSemaphore(value: 0)

  /// Begins with the picture at a position of the epoch's order.
  init(
    _ recipe: Recipe, epoch: Int, from position: Int,
    reporting report: @escaping @Sendable (PictureProblem) -> Void
  ) {
    self.recipe = recipe
    self.epoch = epoch
    self.report = report
    for _ in 0..<Self.depth { room.signal() }
    let thread = Thread { self.work(from: position) }
    thread.stackSize = 4 << 20
    thread.start()
  }

  /// The next batch, or nil at the end of the epoch.
  func next() throws(TrainingError) -> Batch? {
    ready.wait()
    let message = state.withLock { state in state.messages.removeFirst() }
    switch message {
    case .batch(let batch):
      room.signal()
      return batch
    case .problem(let error):
      throw error
    case .end:
      return nil
    }
  }

  /// Lets the thread end; to be called when no more batches are wanted.
  func cancel() {
    state.withLock { $0.isCancelled = true }
    room.signal()
  }

  private func send(_ message: Message) {
    state.withLock { $0.messages.append(message) }
    ready.signal()
  }

  private func work(from start: Int) {
    let order = recipe.order(ofEpoch: epoch)
    var position = start
    do throws(TrainingError) {
      while true {
        room.wait()
        if state.withLock({ $0.isCancelled }) { return }
        guard let batch = try batch(order, from: position) else { return send(.end) }
        position = batch.end
        send(.batch(batch))
      }
    } catch {
      send(.problem(error))
    }
  }

  private func batch(_ order: [Int], from start: Int) throws(TrainingError) -> Batch? {
    var (pictures, members): ([[UInt8]], [Int]) = ([], [])
    var position = start
    while members.count < recipe.batchSize, position < order.count {
      let end = min(position + recipe.batchSize - members.count, order.count)
      let wanted = Array(order[position..<end])
      let found = try recipe.store.readable(
        wanted, isStrict: recipe.isStrict, reporting: report)
      pictures += found.pictures
      members += found.members
      position = end
    }
    guard members.count == recipe.batchSize || start == 0 else { return nil }
    guard !members.isEmpty else {
      throw TrainingError(.environment, "none of the pictures to learn from can be read")
    }
    return assembled(pictures, members, end: position)
  }

  private func assembled(_ pictures: [[UInt8]], _ members: [Int], end: Int) -> Batch {
    let store = recipe.store
    let (size, channels) = (store.geometry.input, store.channels)
    let count = store.sampleCount
    let shape: Shape = [members.count, channels, size.height, size.width]
    var inputs = Tensor(shape: shape) { target in
      for (place, picture) in pictures.enumerated() {
        var random = recipe.random(.augmentation, epoch: epoch, example: members[place])
        recipe.augmentation.write(
          picture, width: size.width, height: size.height, channels: channels,
          to: UnsafeMutableBufferPointer(rebasing: target[place * count..<(place + 1) * count]),
          random: &random)
      }
    }
    let labels = members.map { store.data.examples[$0].label }
    var targets = Batch.targets(labels, classCount: store.data.labels.count)
    if recipe.augmentation.mixup > 0 { mix(&inputs, &targets, members) }
    if recipe.noise > 0 { addNoise(&inputs, members) }
    return Batch(
      inputs: inputs, targets: targets, members: members, labels: labels, end: end)
  }

  /// Each picture with the next of the batch, the last with the first.
  private func mix(_ inputs: inout Tensor, _ targets: inout Tensor, _ members: [Int]) {
    let shares = members.map { member in
      var random = recipe.random(.mixing, epoch: epoch, example: member)
      // Nearer to the picture itself, whose label is counted as right.
      let share = recipe.augmentation.mixingShare(&random)
      return max(share, 1 - share)
    }
    inputs = Self.mixed(inputs, shares)
    targets = Self.mixed(targets, shares)
  }

  private static func mixed(_ items: Tensor, _ shares: [Float]) -> Tensor {
    let count = items.shape.item.count
    return items.withScalars { source in
      Tensor(shape: items.shape) { target in
        for (place, share) in shares.enumerated() {
          let other = (place + 1) % shares.count * count
          for index in 0..<count {
            target.initializeElement(
              at: place * count + index,
              to: share * source[place * count + index] + (1 - share) * source[other + index])
          }
        }
      }
    }
  }

  private func addNoise(_ inputs: inout Tensor, _ members: [Int]) {
    let shape = inputs.shape.batched(1)
    let random = CounterRandom(seed: recipe.seed, stream: RandomStream.noise.rawValue)
    let noise = members.map { member in
      random.normal(shape, sample: Recipe.sample(epoch: epoch, example: member))
    }
    inputs.add(.concatenating(noise), scaledBy: recipe.noise)
  }
}

extension BatchLoader.Recipe {
  /// Batches of an epoch if every picture can be read.
  var batchCount: Int { max(1, examples.count / batchSize) }

  /// The examples in the order of an epoch.
  func order(ofEpoch epoch: Int) -> [Int] {
    var random = CounterRandom(seed: seed, stream: RandomStream.order.rawValue)
      .sequence(sample: epoch)
    return examples.shuffled(using: &random)
  }

  static func sample(epoch: Int, example: Int) -> Int { epoch << 32 | example }

  func random(_ stream: RandomStream, epoch: Int, example: Int) -> CounterRandom.Sequence {
    CounterRandom(seed: seed, stream: stream.rawValue)
      .sequence(sample: Self.sample(epoch: epoch, example: example))
  }
}
