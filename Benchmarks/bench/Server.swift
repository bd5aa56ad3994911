import Boundaries
import Explanations
import Foundation
import Kernels
import Networks
import Tensors
import TestSupport

/// Times what another program asks for, line by line, so that it can interleave these
/// runs with its own.
///
/// A line asks for one kind of work and how often to run it; the answer is the milliseconds of each run:
///
///     forward BATCH RUNS        the scores of so many pictures
///     gradient BATCH RUNS       their scores, and the gradient of class 0's at the input
///     ig BATCH RUNS STEPS       integrated gradients of one picture, in passes of so many points
///     inversion BATCH RUNS      guided feature inversion of one picture: 10 and 70 steps, as published
///     boundary BATCH RUNS GRADIENTS    nearest flips of pictures, with so many gradients each
///     big RUNS GRADIENTS STEPS  boundary integrated gradients of one picture, with no doubling of steps
///     attack RUNS               an adversarial explanation of one picture, as published
///     decisive RUNS             the same, all the way to the nearest other class
///     lime RUNS SAMPLES         LIME of one picture
///     train BATCH RUNS          steps of a training on so many pictures, parameters moved included
///     norms BATCH               no times: sums of magnitudes of all scores and of all gradients
///     distances BATCH GRADIENTS        no times: the l2 distance of each picture's flip, `nan` for none
///     training-norms BATCH      no times: the first step's loss and its gradients' sum of magnitudes
///
/// A last word `split` gives the work to one-thread workers side by side: each takes its part of the
/// pictures or, for an explanation, a picture of its own. A batch beyond the network's limit
/// takes several passes. What cannot be done is answered by a line that begins with `error:`.
struct Server {
  private let network: Network
  private let model: CompiledNetwork
  private let pictures: Tensor
  private let threads: Int

  /// - Parameter pictures: `[N, C, H, W]`; batches beyond N repeat them.
  init(_ network: Network, pictures: Tensor, threads: Int) {
    self.network = network
    model = CompiledNetwork(network)
    self.pictures = pictures
    self.threads = threads
  }

  /// Says in one line what the network is, then answers until the input ends.
  func run() {
    let operations = model.layers.reduce(0) { $0 + $1.operations }
    Self.say("ready \(operations) \(model.batchLimit) \(model.engine.version)")
    while let line = readLine() {
      do throws(Refusal) {
        Self.say(try answer(to: line.split(separator: " ").map(String.init)))
      } catch {
        Self.say("error: '\(line)' \(error.reason)")
      }
    }
  }

  private func answer(to words: [String]) throws(Refusal) -> String {
    var words = words
    let isSplit = words.last == "split"
    if isSplit { words.removeLast() }
    guard let name = words.first, words.count >= 2 else { throw Refusal("asks for nothing known") }
    var numbers: [Int] = []
    for word in words.dropFirst() {
      guard let number = Int(word), (1...100_000).contains(number) else {
        throw Refusal("has '\(word)' where a number, 1 to 100000, is expected")
      }
      numbers.append(number)
    }
    switch (name, numbers.count) {
    case ("norms", 1):
      return norms(batch: numbers[0])
    case ("training-norms", 1):
      ComputeThreads.setWidth(threads)
      let (loss, gradients) = try training(batch: numbers[0]).step()
      return "\(loss) \(gradients)"
    case ("train", 2):
      guard !isSplit else { throw Refusal("splits what one plan does") }
      ComputeThreads.setWidth(threads)
      let work = try training(batch: numbers[0])
      work.step()
      return (0..<numbers[1]).map { _ in
        "\(ContinuousClock().measure { _ = work.step() } / .milliseconds(1))"
      }.joined(separator: " ")
    case ("forward", 2):
      let passes = lanes(isSplit, batch: numbers[0])
      return times(numbers[1], passes) { pass in _ = model.logits(for: pass) }
    case ("gradient", 2):
      let passes = lanes(isSplit, batch: numbers[0])
      return times(numbers[1], passes) { pass in _ = model.gradient(of: .logit(0), for: pass) }
    case ("boundary", 3):
      let search = ProjectionSearch(gradients: numbers[2])
      return times(numbers[1], lanes(isSplit, batch: numbers[0])) { pass in
        _ = distances(of: pass, by: search)
      }
    case ("distances", 2):
      let search = ProjectionSearch(gradients: numbers[1])
      ComputeThreads.setWidth(threads)
      return lanes(false, batch: numbers[0]).joined().flatMap { distances(of: $0, by: search) }
        .map { "\($0)" }.joined(separator: " ")
    case ("big", 3):
      var method = BoundaryIntegratedGradients()
      method.search = SearchChoice(ProjectionSearch(gradients: numbers[1]))
      (method.steps, method.maximumSteps) = (numbers[2], numbers[2])
      return times(numbers[0], isSplit, ofPrediction: true) {
        [method] question throws(ExplainerError) in _ = try method.explain(question, using: model)
      }
    case ("attack", 1), ("decisive", 1):
      var method = AdversarialExplanation()
      method.mode = name == "decisive" ? .decisive : .published
      return times(numbers[0], isSplit, ofPrediction: true) {
        [method] question throws(ExplainerError) in _ = try method.explain(question, using: model)
      }
    case ("lime", 2):
      var method = LIME()
      method.samples = numbers[1]
      return times(numbers[0], isSplit, ofPrediction: true) {
        [method] question throws(ExplainerError) in _ = try method.explain(question, using: model)
      }
    case ("ig", 3):
      let limited = LimitedBatch(model: model, batchLimit: min(numbers[0], model.batchLimit))
      let method = try integratedGradients(steps: numbers[2])
      return times(numbers[1], isSplit) { question throws(ExplainerError) in
        _ = try method.explain(question, using: limited)
      }
    case ("inversion", 2):
      var method = GuidedFeatureInversion()
      method.profile = .paper
      // With penalties, masks of networks that were not trained collapse, which ends the work early.
      (method.inversionPenalty, method.penalty) = (.set(0), .set(0))
      return times(numbers[1], isSplit) { [method] question throws(ExplainerError) in
        _ = try method.explain(question, using: model)
      }
    default:
      throw Refusal("asks for nothing known")
    }
  }

  /// How far the nearest flip of each picture is.
  private func distances(of pictures: Tensor, by search: ProjectionSearch) -> [Double] {
    do throws(BoundaryError) {
      var queries: [BoundaryQuery] = []
      for index in 0..<pictures.batch {
        let input = pictures.item(index)
        queries.append(try BoundaryQuery(input, fact: model.prediction(for: input).top))
      }
      return try search.nearestPoints(for: queries, using: model).map { $0.distance ?? .nan }
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// Milliseconds of explaining a picture, or one for each thread.
  private func times(
    _ runs: Int, _ isSplit: Bool, ofPrediction: Bool = false,
    _ explain: @Sendable (Question) throws(ExplainerError) -> Void
  ) -> String {
    let inputs = (0..<(isSplit ? threads : 1)).map { [pictures.items(cycling: $0..<$0 + 1)] }
    return times(runs, inputs) { input in
      do throws(ExplainerError) {
        let fact = ofPrediction ? model.prediction(for: input).top : 0
        try explain(Question(.synthetic(input), fact: fact))
      } catch {
        preconditionFailure("\(error)")
      }
    }
  }

  private func training(batch: Int) throws(Refusal) -> TrainingWork {
    do throws(NetworkError) {
      return try TrainingWork(network, on: pictures.items(cycling: 0..<batch))
    } catch {
      throw Refusal("cannot be trained: \(error)")
    }
  }

  /// With so many steps and no more.
  private func integratedGradients(steps: Int) throws(Refusal) -> IntegratedGradients {
    var method = IntegratedGradients()
    method.steps = steps
    method.maximumSteps = steps
    do throws(ExplainerError) { try method.validate() } catch { throw Refusal("\(error)") }
    return method
  }

  /// Milliseconds of each run: one lane on all threads, several on one thread each.
  private func times(
    _ runs: Int, _ lanes: [[Tensor]], _ body: @Sendable (Tensor) -> Void
  ) -> String {
    let milliseconds = (0..<runs).map { _ in
      let elapsed = ContinuousClock().measure {
        if lanes.count == 1 {
          ComputeThreads.setWidth(threads)
          lanes[0].forEach(body)
        } else {
          DispatchQueue.concurrentPerform(iterations: lanes.count) { lane in
            ComputeThreads.setWidth(1)
            lanes[lane].forEach(body)
          }
        }
      }
      return elapsed / .milliseconds(1)
    }
    return milliseconds.map { "\($0)" }.joined(separator: " ")
  }

  /// The passes of each worker: one worker or, split, as many as threads, none of them idle.
  private func lanes(_ isSplit: Bool, batch size: Int) -> [[Tensor]] {
    let workers = isSplit ? min(threads, size) : 1
    return (0..<workers).map { worker in
      let part = size * worker / workers..<size * (worker + 1) / workers
      return stride(from: part.lowerBound, to: part.upperBound, by: model.batchLimit).map { first in
        pictures.items(cycling: first..<min(first + model.batchLimit, part.upperBound))
      }
    }
  }

  private func norms(batch: Int) -> String {
    ComputeThreads.setWidth(threads)
    var sums = (scores: 0.0, gradients: 0.0)
    func magnitudes(_ tensor: Tensor) -> Double {
      tensor.scalars.reduce(0) { $0 + Double($1.magnitude) }
    }
    for pass in lanes(false, batch: batch).joined() {
      sums.scores += magnitudes(model.logits(for: pass))
      sums.gradients += magnitudes(model.gradient(of: .logit(0), for: pass).gradient)
    }
    return "\(sums.scores) \(sums.gradients)"
  }

  /// Prints past the buffer, since the other side waits for the line.
  private static func say(_ line: String) {
    try? FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
  }
}

extension Tensor {
  /// Items by position, starting over after the last.
  func items(cycling range: Range<Int>) -> Tensor {
    .concatenating(range.map { item($0 % batch) })
  }
}

/// Why a line is not answered.
private struct Refusal: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}

/// A network whose passes take fewer pictures.
private struct LimitedBatch: DifferentiableClassifier {
  let model: CompiledNetwork
  let batchLimit: Int

  var inputShape: Shape { model.inputShape }
  var classCount: Int { model.classCount }
  var labels: [String] { model.labels }
  var layers: [LayerSummary] { model.layers }

  func resolve(_ name: LayerName) throws(NetworkError) -> LayerName { try model.resolve(name) }
  func logits(for batch: Tensor) -> Tensor { model.logits(for: batch) }
  func trace(_ batch: Tensor, for request: TraceRequest) -> Trace {
    model.trace(batch, for: request)
  }
  func trace(
    _ batch: Tensor, against references: Tensor?, for request: TraceRequest
  ) -> Trace {
    model.trace(batch, against: references, for: request)
  }
}
