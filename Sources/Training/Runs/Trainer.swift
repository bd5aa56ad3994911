import Foundation
public import Imaging
public import Kernels
public import Networks
import Synchronization
import Tensors

/// Trains a network on pictures, so that it can be interrupted after any step and gone on with as if
/// it had not been.
///
/// Batches are made on a thread of their own while the network works. Everything random is looked up
/// by seed, epoch and picture, and results do not depend on time; so a training that went on from a
/// checkpoint ends in the same bits as one that was not interrupted.
public final class Trainer {
  /// How a training ended.
  public enum Ending: Sendable, Equatable {
    /// All epochs are done, or the last ones left out for want of progress.
    case finished
    /// Somebody asked to stop; the checkpoint is written.
    case interrupted
  }

  private let data: DataSet
  private let split: DataSplit
  private let settings: TrainingSettings
  private let store: PictureStore
  private let network: any TrainableClassifier
  /// Which layers make which invertible block, where the network is made of such.
  private let structure: InvertibleStructure?
  private let plan: TrainingPlan
  private let recipe: BatchLoader.Recipe
  private let loss: CrossEntropy
  private let couplingBound: CouplingBound?
  private let likelihood: FeatureLikelihood?
  private let ranges: [(weights: Range<Int>, decay: Float)]
  private let threads: Int
  private let checkpointPath: String?
  private let skipped = SkippedPictures()
  private var state: TrainingState

  /// Where the training's parts come from.
  public struct Sources {
    public var data: DataSet
    public var split: DataSplit
    /// Takes pixels 0...1, and has a score for each of the data's classes.
    public var network: Network
    /// How pictures become the network's size.
    public var geometry: InputGeometry
    /// Layers whose weights stay.
    public var frozen: Set<LayerName> = []
    /// The network as invertible blocks, where it is made of such.
    public var invertible: InvertibleNetwork?
    /// What an invertible network does with its activations.
    public var activations = Activations.recomputed

    public init(
      data: DataSet, split: DataSplit, network: Network, geometry: InputGeometry,
      frozen: Set<LayerName> = []
    ) {
      self.data = data
      self.split = split
      self.network = network
      self.geometry = geometry
      self.frozen = frozen
    }

    /// Trains an invertible network, whose normalisations start from the first pictures to learn from.
    public init(
      data: DataSet, split: DataSplit, invertible: InvertibleNetwork, geometry: InputGeometry,
      frozen: Set<LayerName> = [], activations: Activations = .recomputed
    ) {
      self.init(
        data: data, split: split, network: invertible.network, geometry: geometry, frozen: frozen)
      self.invertible = invertible
      self.activations = activations
    }
  }

  /// Where a step's activations are between the way forward and the way back.
  public enum Activations: String, Sendable, Codable, CaseIterable {
    /// Nowhere: each block's input is restored from its output by the inverse, and the rest computed
    /// again. Takes about five thirds of the time, and memory that does not grow with depth.
    case recomputed
    /// In memory, as those of all other networks.
    case stored
  }

  /// - Parameters:
  ///   - threads: for the network's kernels.
  ///   - keptBytes: how many bytes of decoded pictures are kept in memory.
  ///   - isStrict: whether a picture that cannot be read ends the training.
  ///   - checkpointPath: where the state goes after each epoch and at an interruption.
  public init(
    _ sources: Sources, settings: TrainingSettings, engine: Engine = .preferred, threads: Int = 1,
    keptBytes: Int = 1 << 30, isStrict: Bool = false, checkpointPath: String? = nil
  ) throws(TrainingError) {
    let settings = settings.complete
    try settings.check(classCount: sources.data.labels.count)
    let shape = sources.network.inputShape
    let size = PixelSize(width: shape[2], height: shape[1])
    guard sources.geometry.input == size, [1, 3].contains(shape[0]),
      sources.network.classCount == sources.data.labels.count
    else {
      throw TrainingError(
        .request,
        "the network takes \(shape) and has \(sources.network.classCount) classes; expected "
          + "pictures of \(sources.geometry.input) and \(sources.data.labels.count) classes")
    }
    data = sources.data
    split = sources.split
    self.settings = settings
    self.threads = threads
    self.checkpointPath = checkpointPath
    store = PictureStore(
      sources.data, geometry: sources.geometry, channels: shape[0], byteLimit: keptBytes)
    let invertible = try sources.startingInvertible(
      from: store, batch: settings.batch, engine: engine)
    structure = invertible?.structure
    do throws(NetworkError) {
      network =
        switch (invertible, sources.activations) {
        case (let invertible?, .recomputed):
          try RecomputingNetwork(invertible, engine: engine, frozen: sources.frozen)
        case (let invertible?, .stored):
          try TrainableNetwork(
            invertible.network, engine: engine,
            frozen: sources.frozen.union(invertible.fixedLayers))
        case (nil, _):
          try TrainableNetwork(sources.network, engine: engine, frozen: sources.frozen)
        }
    } catch {
      throw TrainingError(.request, "\(error)")
    }
    recipe = BatchLoader.Recipe(
      store: store, examples: split.training,
      batchSize: min(settings.batch, split.training.count),
      augmentation: settings.augmentation, noise: settings.noise, seed: settings.seed,
      isStrict: isStrict)
    var counts = [Int](repeating: 0, count: data.labels.count)
    for index in split.training { counts[data.examples[index].label] += 1 }
    loss = CrossEntropy(
      smoothing: settings.smoothing, classWeights: settings.classWeights.factors(counts: counts))
    ranges = network.parameters.map {
      ($0.range, $0.role.decays ? settings.weightDecay : 0)
    }
    likelihood = try FeatureLikelihood(
      weight: settings.likelihood, of: invertible, in: network)
    couplingBound = try CouplingBound(settings.couplingBound, of: invertible, in: network)
    let directions = couplingBound?.directions(of: network, seed: settings.seed) ?? []
    plan = TrainingPlan(
      sources, settings: settings, network: network, threads: threads,
      directionCount: directions.count)
    let values = network.withValues { Array($0) }
    let statistics = network.withStatistics { Array($0) }
    state = TrainingState(
      values: values, statistics: statistics,
      moments: Array(repeating: 0, count: values.count * settings.optimizer.momentCount),
      average: settings.averaging > 0
        ? MovingAverage(
          decay: settings.averaging, values: values, statistics: statistics,
          directions: directions) : nil,
      directions: directions)
  }

  /// Goes on from the checkpoint instead of from the beginning.
  public func resume() throws(TrainingError) {
    guard let checkpointPath else { return }
    guard FileKind(of: checkpointPath) != nil else {
      throw TrainingError(
        .request,
        "\(checkpointPath): there is no checkpoint to go on from; leave out --resume to begin")
    }
    let file: Safetensors
    do throws(ModelError) {
      file = try Safetensors.read(checkpointPath)
    } catch {
      throw TrainingError(.environment, "\(error)")
    }
    state = try TrainingState(file, of: plan, at: checkpointPath)
    use(state.values, state.statistics)
  }

  /// What the epochs came to so far.
  public var history: [EpochRecord] { state.history }

  /// The epoch whose weights `network` has once the training is finished, counted from 1.
  public var chosenEpoch: Int {
    settings.patience > 0 ? state.best?.epoch ?? state.epoch : state.history.count
  }

  // MARK: - Training

  /// Trains to the end, or until somebody asks to stop.
  ///
  /// - Parameter isStopping: asked after each step.
  public func run(
    reporting report: @escaping @Sendable (TrainingEvent) -> Void = { _ in },
    until isStopping: () -> Bool = { false }
  ) throws(TrainingError) -> Ending {
    let before = ComputeThreads.width
    ComputeThreads.setWidth(threads)
    defer { ComputeThreads.setWidth(before) }
    skipped.report = { report(.skipped($0)) }
    let schedule = Schedule(
      peak: settings.rate,
      warmUp: Int((settings.warmUp * Double(recipe.batchCount)).rounded()),
      total: settings.epochs * recipe.batchCount)
    while state.epoch < settings.epochs && !hasStalled {
      guard try runEpoch(schedule, report, isStopping) else {
        try writeCheckpoint()
        return .interrupted
      }
    }
    useFinalWeights()
    return .finished
  }

  private var hasStalled: Bool {
    guard settings.patience > 0, let best = state.best else { return false }
    return state.history.count - best.epoch >= settings.patience
  }

  /// False where somebody asked to stop.
  private func runEpoch(
    _ schedule: Schedule, _ report: (TrainingEvent) -> Void, _ isStopping: () -> Bool
  ) throws(TrainingError) -> Bool {
    let clock = ContinuousClock()
    let earlier = state.seconds
    let begun = clock.now
    var learned = 0
    let loader = BatchLoader(
      recipe, epoch: state.epoch, from: state.position, reporting: skipped.add)
    defer { loader.cancel() }
    while let batch = try loader.next() {
      try learn(batch, rate: schedule.rate(at: state.step))
      learned += batch.labels.count
      state.seconds = earlier + Double((clock.now - begun) / .seconds(1))
      report(.progress(progress(speed: Double(learned) / ((clock.now - begun) / .seconds(1)))))
      if isStopping() {
        keepValues()
        return false
      }
    }
    let speed = Double(learned) / max((clock.now - begun) / .seconds(1), 1e-9)
    holdBound()
    let validation = try validate()
    state.seconds = earlier + (clock.now - begun) / .seconds(1)
    let record = EpochRecord(
      epoch: state.epoch + 1, step: state.step, rate: state.rate,
      trainingLoss: state.lossSum / Double(max(state.count, 1)),
      trainingAccuracy: Double(state.rightCount) / Double(max(state.count, 1)),
      validationLoss: validation.loss, validationAccuracy: validation.accuracy,
      seconds: state.seconds, picturesPerSecond: speed)
    state.history.append(record)
    if settings.patience > 0, validation.loss < state.best?.loss ?? .infinity {
      state.best = TrainingState.Best(
        epoch: record.epoch, loss: validation.loss,
        values: state.average?.values ?? network.withValues { Array($0) },
        statistics: state.average?.statistics ?? network.withStatistics { Array($0) })
    }
    state.beginEpoch(state.epoch + 1)
    keepValues()
    try writeCheckpoint()
    report(.epoch(record))
    return true
  }

  /// One step.
  private func learn(_ batch: Batch, rate: Double) throws(TrainingError) {
    var inputs = batch.inputs
    if settings.attack.radius > 0 {
      inputs = settings.attack.attacked(
        inputs, targets: batch.targets, by: network, loss: loss, phase: .training,
        seed: settings.seed,
        samples: batch.members.map {
          BatchLoader.Recipe.sample(epoch: state.epoch, example: $0)
        })
    }
    var value: CrossEntropy.Value?
    if let likelihood {
      step(inputs, targets: batch.targets, with: likelihood) { value = $0 }
    } else {
      network.step(inputs) { logits in
        let found = loss.value(logits, targets: batch.targets)
        value = found
        return found.gradient
      }
    }
    guard let value, value.loss.isFinite else {
      throw TrainingError(
        .request,
        "the loss is no number after step \(state.step) of epoch \(state.epoch + 1); try a smaller "
          + "--rate than \(settings.rate)")
    }
    let step = state.step + 1
    state.step = step
    network.withValues { values in
      network.withGradients { gradients in
        settings.optimizer.move(
          values, along: UnsafeBufferPointer(gradients), moments: &state.moments, ranges: ranges,
          rate: rate, step: step)
      }
      network.withStatistics { statistics in
        couplingBound?.hold(
          values: values, statistics: UnsafeBufferPointer(statistics),
          directions: &state.directions, isLast: false)
        state.average?.follow(values, statistics, step: step)
      }
    }
    if let couplingBound { state.average?.hold(couplingBound, isLast: false) }
    state.position = batch.end
    state.rate = rate
    state.lossSum += value.loss * Double(batch.labels.count)
    state.rightCount += zip(value.predictions, batch.labels).count { $0 == $1 }
    state.count += batch.labels.count
  }

  /// Gradients of the loss together with what the network finds improbable.
  private func step(
    _ inputs: Tensor, targets: Tensor, with likelihood: FeatureLikelihood,
    reporting report: (CrossEntropy.Value) -> Void
  ) {
    var value: FeatureLikelihood.Value?
    network.step(inputs, features: likelihood.layer) { logits, features in
      let found = loss.value(logits, targets: targets)
      report(found)
      let density = network.withValues {
        likelihood.value(features, targets: targets, values: UnsafeBufferPointer($0))
      }
      value = density
      return (found.gradient, density.features)
    }
    if let value { network.withGradients { likelihood.add(value, to: $0) } }
  }

  private func progress(speed: Double) -> TrainingProgress {
    let done = min(state.count / recipe.batchSize, recipe.batchCount)
    let left = recipe.batchCount - done + (settings.epochs - state.epoch - 1) * recipe.batchCount
    // Validation takes about a third of the time that learning takes for a picture.
    let pictures =
      Double(left * recipe.batchSize)
      + Double((settings.epochs - state.epoch) * split.validation.count) / 3
    return TrainingProgress(
      epoch: state.epoch + 1, epochs: settings.epochs, step: done, steps: recipe.batchCount,
      loss: state.lossSum / Double(max(state.count, 1)),
      accuracy: Double(state.rightCount) / Double(max(state.count, 1)), picturesPerSecond: speed,
      remaining: .seconds(pictures / max(speed, 1e-9)))
  }

  // MARK: - Asking

  /// The pictures for validation with the present weights; attacked, where that is asked for.
  public func evaluate(attackedBy attack: Attack? = nil) throws(TrainingError) -> Evaluation {
    let before = ComputeThreads.width
    ComputeThreads.setWidth(threads)
    defer { ComputeThreads.setWidth(before) }
    let plainLoss = CrossEntropy()
    let classes = data.labels.count
    var confusion = [[Int]](repeating: Array(repeating: 0, count: classes), count: classes)
    var (lossSum, count) = (0.0, 0)
    for start in stride(from: 0, to: split.validation.count, by: recipe.batchSize) {
      let wanted = Array(
        split.validation[start..<min(start + recipe.batchSize, split.validation.count)])
      guard let batch = try plainBatch(wanted) else { continue }
      let kept = batch.labels.count
      // One batch size, so that one plan serves.
      var inputs = batch.inputs.padded(toBatch: recipe.batchSize)
      if let attack {
        let members = batch.members + Array(repeating: 0, count: recipe.batchSize - kept)
        inputs = attack.attacked(
          inputs, targets: batch.targets.padded(toBatch: recipe.batchSize), by: network,
          loss: plainLoss, phase: .inference, seed: settings.seed, samples: members)
      }
      let logits = network.logits(inputs).items(0..<kept)
      let value = plainLoss.value(logits, targets: batch.targets)
      lossSum += value.loss * Double(kept)
      count += kept
      for (label, prediction) in zip(batch.labels, value.predictions) {
        confusion[label][prediction] += 1
      }
    }
    guard count > 0 else {
      throw TrainingError(.environment, "none of the pictures for validation can be read")
    }
    return Evaluation(loss: lossSum / Double(count), confusion: confusion)
  }

  /// Pictures as they are; nil where none can be read.
  private func plainBatch(_ wanted: [Int]) throws(TrainingError) -> Batch? {
    let (pictures, members) = try store.readable(
      wanted, isStrict: recipe.isStrict, reporting: skipped.add)
    return pictures.isEmpty ? nil : Batch(plain: pictures, members, of: store)
  }

  /// Where an epoch ends, weights keep the coupling bound.
  private func holdBound() {
    guard let couplingBound else { return }
    network.withValues { values in
      network.withStatistics { statistics in
        couplingBound.hold(
          values: values, statistics: UnsafeBufferPointer(statistics),
          directions: &state.directions, isLast: true)
      }
    }
    state.average?.hold(couplingBound, isLast: true)
  }

  /// With the moving average, where there is one.
  private func validate() throws(TrainingError) -> Evaluation {
    guard let average = state.average else { return try evaluate() }
    keepValues()
    use(average.values, average.statistics)
    let evaluation = try evaluate()
    use(state.values, state.statistics)
    return evaluation
  }

  // MARK: - Weights

  /// The network with the present weights: once the training is finished, those of the best epoch, the
  /// moving average or the last ones, as the settings say.
  public var trained: Network {
    get throws(TrainingError) {
      do throws(NetworkError) {
        return try network.network.labeled(data.labels)
      } catch {
        throw TrainingError(.request, "\(error)")
      }
    }
  }

  /// The same as invertible blocks; nil where it is not made of such. Throws where training has brought it
  /// to where it cannot be inverted.
  public var trainedInvertible: InvertibleNetwork? {
    get throws(TrainingError) {
      guard let structure else { return nil }
      let trained = try trained
      do throws(NetworkError) {
        return try InvertibleNetwork(structure, of: trained)
      } catch {
        throw TrainingError(.request, "\(error)")
      }
    }
  }

  /// Bytes that a step's activations and what goes with them take.
  public var activationByteCount: Int {
    network.activationByteCount(batch: recipe.batchSize)
  }

  private func useFinalWeights() {
    if settings.patience > 0, let best = state.best {
      use(best.values, best.statistics)
    } else if let average = state.average {
      use(average.values, average.statistics)
    }
  }

  private func use(_ values: [Float], _ statistics: [Float]) {
    network.withValues { _ = $0.update(fromContentsOf: values) }
    network.withStatistics { _ = $0.update(fromContentsOf: statistics) }
  }

  private func keepValues() {
    state.values = network.withValues { Array($0) }
    state.statistics = network.withStatistics { Array($0) }
  }

  private func writeCheckpoint() throws(TrainingError) {
    guard let checkpointPath else { return }
    do {
      try state.checkpoint(of: plan).write(checkpointPath)
    } catch {
      throw TrainingError(.environment, "the checkpoint cannot be written: \(error)")
    }
  }
}

/// Tells of each picture that is passed over once, whoever meets it.
private final class SkippedPictures: Sendable {
  private struct State {
    var names: Set<String> = []
    var report: (@Sendable (PictureProblem) -> Void)?
  }

  private let state = Mutex(State())

  var report: (@Sendable (PictureProblem) -> Void)? {
    get { state.withLock { $0.report } }
    set { state.withLock { $0.report = newValue } }
  }

  func add(_ problem: PictureProblem) {
    state.withLock { state in
      if state.names.insert(problem.name).inserted { state.report?(problem) }
    }
  }
}

extension Trainer.Sources {
  /// The invertible network, its normalisations starting from the first pictures to learn from that can
  /// be read.
  fileprivate func startingInvertible(
    from store: PictureStore, batch: Int, engine: Engine
  ) throws(TrainingError) -> InvertibleNetwork? {
    guard let invertible else { return nil }
    let first = Array(split.training.prefix(max(batch, 64)))
    let (pictures, members) = try store.readable(first, isStrict: false) { _ in }
    guard !pictures.isEmpty else {
      throw TrainingError(.environment, "none of the first pictures to learn from can be read")
    }
    do throws(NetworkError) {
      return try invertible.normalized(
        by: Batch(plain: pictures, members, of: store).inputs, engine: engine)
    } catch {
      throw TrainingError(.request, "\(error)")
    }
  }
}

extension TrainingPlan {
  fileprivate init(
    _ sources: Trainer.Sources, settings: TrainingSettings, network: any TrainableClassifier,
    threads: Int, directionCount: Int
  ) {
    var pictures = PlainDigest()
    for part in [sources.split.training, sources.split.validation] {
      for index in part {
        let example = sources.data.examples[index]
        pictures.add(example.name)
        pictures.add(UInt64(example.label))
      }
      pictures.add("\n")
    }
    var layers = PlainDigest()
    for node in sources.network.nodes {
      layers.add("\(node.name) \(node.layer.kind) \(node.inputs)")
      layers.add("\(node.layer.parameters.map(\.shape))")
    }
    network.withValues { values in for value in values { layers.add(UInt64(value.bitPattern)) } }
    self.init(
      settings: settings, engine: network.engine.version.description, threads: threads,
      labels: sources.data.labels, trainingCount: sources.split.training.count,
      validationCount: sources.split.validation.count, dataDigest: pictures.text,
      input: "\(sources.geometry), \(sources.network.inputShape[0]) channels",
      networkDigest: layers.text,
      activations: sources.invertible == nil ? nil : sources.activations,
      frozen: network.frozen.map(\.description).sorted(),
      valueCount: network.parameterCount,
      statisticCount: network.statistics.last?.range.upperBound ?? 0,
      directionCount: directionCount)
  }
}
