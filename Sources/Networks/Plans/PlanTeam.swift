import Kernels
import Tensors

/// How the threads that a pass may use share its work.
public enum Parallelism: String, Sendable, CaseIterable {
  /// By the size of the work: several items go side by side, a single one through all threads at once
  /// unless the network is so small that they would wait for one another most of the time.
  case automatic
  /// Items go side by side, each through plans of one thread.
  case acrossItems
  /// All threads work at one kernel at a time.
  case withinKernels
}

/// One or more plans that do a pass together, each with its share of the batch, in order.
///
/// An item's results are the same bits whatever share it is in.
struct PlanTeam: RecordedPass {
  let plans: [Plan]
  /// Threads that kernels of a single plan use. Those of plans side by side have one each.
  let width: Int
  /// Where the plans come from.
  let pool: PlanPool

  var batch: Int { plans.reduce(0) { $0 + $1.batch } }

  func run(_ pictures: Tensor, against references: Tensor? = nil) {
    let starts = starts
    func share(_ pictures: Tensor, _ index: Int) -> Tensor {
      plans.count == 1 ? pictures : pictures.items(starts[index]..<starts[index + 1])
    }
    inParallel { plan, index in
      plan.run(share(pictures, index), against: references.map { share($0, index) })
    }
  }

  func value(of layer: LayerName) -> Tensor { .joining(plans.map { $0.value(of: layer) }) }

  func reference(of layer: LayerName) -> Tensor {
    .joining(plans.map { $0.reference(of: layer) })
  }

  /// Only a single plan has updates, since they come of the whole batch.
  func update(of parameter: ParameterName) -> Tensor? { plans[0].update(of: parameter) }

  func sweep(_ seeds: [LayerName: Tensor]) -> Gradients {
    let starts = starts
    let parts = Results(count: plans.count)
    inParallel { plan, index in
      let share =
        plans.count == 1
        ? seeds : seeds.mapValues { $0.items(starts[index]..<starts[index + 1]) }
      parts[index] = plan.sweep(share)
    }
    let all = parts.all
    guard all.count > 1 else { return all[0] }
    var layers: [LayerName: Tensor] = [:]
    for layer in all[0].layers.keys { layers[layer] = .joining(all.compactMap { $0[layer] }) }
    return Gradients(layers: layers, parameters: all[0].parameters)
  }

  /// Adds what the last sweep found at the request's `summing` layer, in the order of the batch.
  func addGradients(weights: [Float], to sum: inout WeightedSum) {
    precondition(weights.count == batch, "\(weights.count) weights for \(batch) items")
    for (plan, start) in zip(plans, starts) {
      plan.addGradients(weights: Array(weights[start..<start + plan.batch]), to: &sum)
    }
  }

  func end() { for plan in plans { pool.giveBack(plan) } }

  private var starts: [Int] {
    plans.reduce(into: [0]) { starts, plan in starts.append(starts[starts.count - 1] + plan.batch) }
  }

  /// Calls `body` for each plan, on threads of their own.
  private func inParallel(_ body: (Plan, Int) -> Void) {
    guard plans.count > 1 else {
      return ComputeThreads.withWidth(width) { body(plans[0], 0) }
    }
    ComputeThreads.forEach(below: plans.count) { body(plans[$0], $0) }
  }

  /// A place for each plan's result, each written by one thread.
  private final class Results {
    private let places: UnsafeMutableBufferPointer<Gradients?>

    init(count: Int) {
      places = .allocate(capacity: count)
      places.initialize(repeating: nil)
    }

    deinit {
      places.deinitialize()
      places.deallocate()
    }

    subscript(index: Int) -> Gradients? {
      get { places[index] }
      set { places[index] = newValue }
    }

    var all: [Gradients] { places.compactMap(\.self) }
  }
}

extension Tensor {
  /// One after the other; a single one is not copied.
  fileprivate static func joining(_ parts: [Tensor]) -> Tensor {
    parts.count == 1 ? parts[0] : .concatenating(parts)
  }
}
