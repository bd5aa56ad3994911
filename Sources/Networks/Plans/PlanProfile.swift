import Kernels
package import Tensors

/// What a plan's kernels take, for those who make them faster.
package struct PlanProfile {
  package struct Line {
    /// The kernel's type, the shape that it writes, and the type of the step that runs it.
    package let kernel: String
    package let step: String
    package var duration: Duration = .zero
    package let isBackward: Bool
  }

  package internal(set) var lines: [Line]
}

extension Plan {
  /// Runs both parts some times on what the memory holds, and gives each step's shortest time.
  func profile(rounds: Int) -> PlanProfile {
    var lines = zip(program.kernels, forward + backward).enumerated().map { time, pair in
      let (kernel, step) = pair
      let written = kernel.writes.first.map { "\($0.shape)" } ?? ""
      return PlanProfile.Line(
        kernel: "\(type(of: kernel)) \(written)", step: "\(type(of: step))", duration: .seconds(1),
        isBackward: time >= program.forwardCount)
    }
    let clock = ContinuousClock()
    for _ in 0..<rounds {
      for (index, step) in (forward + backward).enumerated() {
        lines[index].duration = min(lines[index].duration, clock.measure { step.run() })
      }
    }
    return PlanProfile(lines: lines)
  }
}

extension CompiledNetwork {
  /// The kernels of the plan for a request, with their times.
  package func profile(
    _ request: TraceRequest, for batch: Tensor, rounds: Int
  ) throws(NetworkError) -> PlanProfile {
    try graph.profile(request, for: batch, rounds: rounds)
  }
}

extension CompiledGraph {
  fileprivate func profile(
    _ request: TraceRequest, for batch: Tensor, rounds: Int
  ) throws(NetworkError) -> PlanProfile {
    let plan = try Plan(
      graph, aliases: aliases, for: request, batch: batch.batch, options: options,
      weights: weights)
    plan.run(batch)
    return plan.profile(rounds: rounds)
  }
}

extension TrainableNetwork {
  /// The kernels of a step, with their times.
  package func profileStep(
    _ batch: Tensor, rounds: Int, seeds: (_ logits: Tensor) -> Tensor
  ) -> PlanProfile {
    step(batch, seeds: seeds)
    return plan(.step, .training, batch: batch.batch).profile(rounds: rounds)
  }
}
