public import Kernels
public import Tensors

/// Averages of gradients: what integrated gradients, noisy gradients and their kin are made of.
extension DifferentiableClassifier {
  public func gradientSum(
    of objective: Objective, weights: [Float], rule: BackwardRule,
    at point: (_ index: Int) -> Tensor
  ) -> Tensor {
    plainGradientSum(of: objective, weights: weights, rule: rule, at: point)
  }

  /// Every point's gradient by itself, and then their sum.
  func plainGradientSum(
    of objective: Objective, weights: [Float], rule: BackwardRule,
    at point: (_ index: Int) -> Tensor
  ) -> Tensor {
    precondition(!weights.isEmpty, "a sum over no points")
    var sum = Tensor(zeros: Shape([1] + inputShape.extents))
    forEachPass(over: weights, at: point) { pass, weights in
      let gradients = gradient(of: objective, for: pass, rule: rule).gradient
      for (item, weight) in weights.enumerated() where weight != 0 {
        sum.add(gradients.item(item), scaledBy: weight)
      }
    }
    return sum
  }

  /// Calls `body` with passes of exactly `batchLimit` points and their weights; the last one is padded
  /// with points of weight 0.
  func forEachPass(
    over weights: [Float], at point: (_ index: Int) -> Tensor,
    _ body: (_ pass: Tensor, _ weights: [Float]) -> Void
  ) {
    for first in stride(from: 0, to: weights.count, by: batchLimit) {
      let indices = first..<min(first + batchLimit, weights.count)
      body(
        Tensor.concatenating(indices.map(point)).padded(toBatch: batchLimit),
        weights[indices] + [Float](repeating: 0, count: batchLimit - indices.count))
    }
  }

  /// Σ wₖ ∇f(a + tₖ(b − a)) along a straight line, `[1, C, H, W]`; otherwise as
  /// `gradientSum(of:weights:rule:at:)`. Traps unless there is a weight for each position.
  public func gradientSum(
    of objective: Objective, from start: Tensor, to end: Tensor, at positions: [Double],
    weights: [Double], rule: BackwardRule = .exact
  ) -> Tensor {
    precondition(
      weights.count == positions.count, "\(weights.count) weights for \(positions.count) positions")
    let way = end - start
    return gradientSum(of: objective, weights: weights.map { Float($0) }, rule: rule) { index in
      var point = start
      point.add(way, scaledBy: Float(positions[index]))
      return point
    }
  }
}

extension CompiledNetwork {
  /// A network may begin with layers that are affine in the picture: the scaling of pixels, a first
  /// convolution and its normalisation. With s for what the last of them gives, and J for their
  /// derivative, which is the same everywhere, Σ wₖ ∇f(xₖ) = Jᵀ Σ wₖ ∂f/∂s(xₖ). So the way back
  /// through them, among the widest maps of the network, is taken once instead of once for a point.
  public func gradientSum(
    of objective: Objective, weights: [Float], rule: BackwardRule,
    at point: (_ index: Int) -> Tensor
  ) -> Tensor {
    guard weights.count > 1, let stemEnd, !looksBefore(stemEnd, objective) else {
      return plainGradientSum(of: objective, weights: weights, rule: rule, at: point)
    }
    let request = TraceRequest(
      reading: objective.layers, seeding: objective.layers, summing: stemEnd, rule: rule)
    var sum = WeightedSum()
    forEachPass(over: weights, at: point) { pass, weights in
      let trace = trace(pass, for: request)
      let seeds = objective.evaluate(trace).seeds
      trace.addGradients(seeding: seeds, weights: weights, to: &sum)
    }
    // The way back through the stem asks nothing of the picture.
    let any = Tensor(zeros: Shape([1] + inputShape.extents))
    let stem = TraceRequest(reading: [], seeding: [stemEnd], gradients: [.input])
    return trace(any, for: stem).gradient(seeding: [stemEnd: sum.value])
  }

  /// Whether an objective looks at a layer in front of `end`: its gradient there is not behind it.
  private func looksBefore(_ end: LayerName, _ objective: Objective) -> Bool {
    let before = network.graph.ancestors(of: [end]).subtracting([end])
    return objective.layers.contains { name in (try? resolve(name)).map(before.contains) ?? false }
  }
}
