import CKernels
import Tensors

/// A function of two elements that the fast engine has a kernel for.
public enum VectorOperation: Sendable {
  /// a + b
  case sum
  /// a − b
  case difference
  /// a · b
  case product

  var kind: tm_operation {
    switch self {
    case .sum: TM_SUM
    case .difference: TM_DIFFERENCE
    case .product: TM_PRODUCT
    }
  }
}

extension tm_grid {
  /// How two operands are repeated over a result, with neighbouring axes taken together; nil where more
  /// than three are left.
  init?(_ result: Shape, first: Shape, second: Shape) {
    let rank = result.rank
    let operands = [first, second].map { $0.padded(toRank: rank) }
    /// Axes from the innermost out: extent, and the step of either operand.
    var axes: [(extent: Int, first: Int, second: Int)] = []
    for axis in (0..<rank).reversed() where result[axis] != 1 {
      let steps = operands.map { $0[axis] == 1 ? 0 : $0.strides[axis] }
      if let last = axes.last, steps[0] == last.first * last.extent,
        steps[1] == last.second * last.extent
      {
        axes[axes.count - 1].extent *= result[axis]
      } else {
        axes.append((result[axis], steps[0], steps[1]))
      }
    }
    if axes.isEmpty { axes.append((1, 1, 1)) }
    guard axes.count <= 3 else { return nil }
    while axes.count < 3 { axes.append((1, 0, 0)) }
    self.init(
      extents: (axes[2].extent, axes[1].extent, axes[0].extent),
      first: (axes[2].first, axes[1].first, axes[0].first),
      second: (axes[2].second, axes[1].second, axes[0].second))
  }
}

extension Broadcast: AcceleratedKernel {
  func acceleratedStep(in memory: Memory) -> (any Step)? {
    guard let operation = F.accelerated,
      let grid = tm_grid(output.shape, first: first.shape, second: second.shape)
    else { return nil }
    let (a, b, c) = (first, second, output)
    return VectorStep(in: memory) {
      tm_combine(operation.kind, grid, $0.read(a), $0.read(b), $0.write(c), false)
    }
  }
}

extension BroadcastPullback: AcceleratedKernel {
  func acceleratedStep(in memory: Memory) -> (any Step)? {
    guard let operation = F.accelerated else { return nil }
    let shape = outputCotangent.shape
    let (own, other) = side == .first ? (first, second) : (second, first)
    // What the cotangent is multiplied by: the other operand, or a sign.
    let factor = operation == .product ? other : nil
    let sign: Float = operation == .difference && side == .second ? -1 : 1
    let (dc, dx) = (outputCotangent, inputCotangent)
    let accumulates = accumulates

    if own.count == shape.count {
      guard let grid = tm_grid(shape, first: shape, second: factor?.shape ?? []) else {
        return nil
      }
      return VectorStep(in: memory) { memory in
        withUnsafePointer(to: sign) { sign in
          tm_combine(
            TM_PRODUCT, grid, memory.read(dc), factor.map(memory.read) ?? sign, memory.write(dx),
            accumulates)
        }
      }
    }
    // Repeated along one stretch of axes, in front of others: what channels last make of a factor for
    // each channel.
    guard let grid = tm_grid(shape, first: own.shape, second: other.shape),
      grid.first.1 == 0, grid.first.2 == 1, grid.extents.0 == 1 || grid.first.0 == grid.extents.2,
      factor == nil || grid.second.2 == 1
    else { return nil }
    return VectorStep(in: memory) {
      tm_sum_middle(
        grid, $0.read(dc), factor.map($0.read), $0.write(dx), sign, accumulates)
    }
  }
}

extension SpatialMean: AcceleratedKernel {
  func acceleratedStep(in memory: Memory) -> (any Step)? {
    guard layout == .channelsLast else { return nil }
    let (items, channels, plane) = input.shape.features(layout)
    let grid = tm_grid(
      extents: (items, plane, channels), first: (channels, 0, 1), second: (0, 0, 0))
    let (x, y) = (input, output)
    return VectorStep(in: memory) {
      tm_sum_middle(grid, $0.read(x), nil, $0.write(y), Float(plane), false)
    }
  }
}

extension SpatialMeanPullback: AcceleratedKernel {
  func acceleratedStep(in memory: Memory) -> (any Step)? {
    guard layout == .channelsLast else { return nil }
    let (items, channels, plane) = inputCotangent.shape.features(layout)
    let grid = tm_grid(
      extents: (items, plane, channels), first: (channels, 0, 1), second: (0, 0, 0))
    let (dy, dx) = (outputCotangent, inputCotangent)
    let accumulates = accumulates
    return VectorStep(in: memory) { memory in
      withUnsafePointer(to: 1 / Float(plane)) { share in
        tm_combine(TM_PRODUCT, grid, memory.read(dy), share, memory.write(dx), accumulates)
      }
    }
  }
}

extension ChannelAffine: AcceleratedKernel {
  func acceleratedStep(in memory: Memory) -> (any Step)? {
    let (items, channels, plane) = input.shape.features(layout)
    guard layout == .channelsLast, order == Array(0..<channels) else { return nil }
    let (x, scale, shift, y) = (input, scale, shift, output)
    return VectorStep(in: memory) {
      tm_channel_affine(
        $0.read(x), $0.read(scale), $0.read(shift), $0.write(y), items * plane, channels, false)
    }
  }
}

extension ChannelAffinePullback: AcceleratedKernel {
  func acceleratedStep(in memory: Memory) -> (any Step)? {
    let (items, channels, plane) = inputCotangent.shape.features(layout)
    guard layout == .channelsLast, order == Array(0..<channels) else { return nil }
    let (dy, scale, dx) = (outputCotangent, scale, inputCotangent)
    let accumulates = accumulates
    return VectorStep(in: memory) {
      tm_channel_affine(
        $0.read(dy), $0.read(scale), nil, $0.write(dx), items * plane, channels, accumulates)
    }
  }
}
