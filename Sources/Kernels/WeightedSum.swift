public import Tensors

/// Σ wₙ x[n] over items that lie in the memories of plans, in whatever order their maps lie.
///
/// Items are added one after the other, so that the sum depends neither on how they are split into
/// passes nor on the number of threads.
public struct WeightedSum: Sendable {
  /// The sum as the items lie; nil before the first one.
  private var sum: Tensor?
  private var layout = FeatureLayout.channelsFirst

  public init() {}

  /// The sum `[1, …]`, row-major. Traps where nothing has been added.
  public var value: Tensor {
    guard let sum else { preconditionFailure("a sum over nothing") }
    return layout == .channelsFirst ? sum : sum.laid(in: .channelsFirst)
  }

  /// Adds the items `[N, …]` of a slot, each times its weight; those of weight 0 are not looked at.
  ///
  /// - Parameter layout: how items of rank 4 lie in the slot.
  public mutating func add(
    _ items: Operand, in layout: FeatureLayout, of memory: Memory, weights: [Float]
  ) {
    precondition(
      weights.count == items.shape[0], "\(weights.count) weights for \(items.shape[0]) items")
    let shape = items.shape.batched(1)
    var total = sum ?? Tensor(zeros: shape)
    if sum != nil && layout != self.layout { total = total.laid(in: layout) }
    self.layout = layout
    precondition(total.shape == shape, "items of \(shape) do not add to \(total.shape)")
    // Not shared with another tensor while it changes.
    sum = nil
    let source = memory.read(items)
    total.withMutableScalars { total in
      guard let target = total.baseAddress else { return }
      let count = total.count
      // Blocks that stay in the nearest cache while all items are added to them.
      let size = 4096
      ComputeThreads.forEach(below: (count + size - 1) / size) { block in
        let range = block * size..<min((block + 1) * size, count)
        for (item, weight) in weights.enumerated() where weight != 0 {
          let source = source + item * count
          for index in range { target[index] += weight * source[index] }
        }
      }
    }
    sum = total
  }
}

extension Tensor {
  /// Maps that lie in the other order, in this one.
  fileprivate func laid(in layout: FeatureLayout) -> Tensor {
    let shape =
      layout == .channelsLast
      ? shape.withChannelsLast : FeatureLayout.channelsLast.channelsFirst(shape)
    let channels = layout == .channelsLast ? shape[3] : shape[1]
    let positions = shape.count / max(shape[0] * channels, 1)
    return Tensor(shape: shape) { target in
      withScalars { source in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        Planes.transpose(
          source, items: shape[0], rows: layout == .channelsLast ? channels : positions,
          columns: layout == .channelsLast ? positions : channels, to: target)
      }
    }
  }
}
