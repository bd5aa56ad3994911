import Kernels
import Tensors

/// Marks the convolutions that carry back the cotangent of class scores, which holds something in the
/// channels of the classes asked about and nowhere else.
enum SeededPullbacks {
  static func apply(to program: inout Program) {
    // Slots whose channels a seed has reached, but no kernel has mixed yet.
    var seeded = Set<Int>()
    var replacements: [Int: ConvolutionPullback] = [:]
    for (time, kernel) in program.kernels.enumerated().dropFirst(program.forwardCount) {
      if let pullback = kernel as? ConvolutionPullback {
        guard
          pullback.outputCotangent.isScore(seedOf: program)
            || seeded.contains(program.root(of: pullback.outputCotangent))
        else { continue }
        replacements[time] = ConvolutionPullback(
          outputCotangent: pullback.outputCotangent, weights: pullback.weights,
          inputCotangent: pullback.inputCotangent, geometry: pullback.geometry,
          accumulates: pullback.accumulates, expectsZeros: true)
      } else if let (source, target) = kernel.cotangentsKeptApart,
        source.isScore(seedOf: program) || seeded.contains(program.root(of: source))
      {
        seeded.insert(program.root(of: target))
      }
    }
    program.rewrite { time, kernel in [replacements[time] ?? kernel] }
  }
}

extension Operand {
  /// Whether this is a cotangent given from outside, with one value for each channel.
  fileprivate func isScore(seedOf program: Program) -> Bool {
    isSlot && program.slot(of: self).origin == .beforeBackward
      && (shape.rank < 2 || shape.item.count == shape[1])
  }
}

extension Kernel {
  /// The cotangent that is read and the one that is written, where a channel of the latter sees only
  /// the same channel of the former.
  fileprivate var cotangentsKeptApart: (Operand, Operand)? {
    switch self {
    case let copy as Copy where !copy.accumulates: (copy.source, copy.target)
    case let mean as SpatialMeanPullback where !mean.accumulates:
      (mean.outputCotangent, mean.inputCotangent)
    case let mask as MaskPullback where !mask.accumulates:
      (mask.outputCotangent, mask.inputCotangent)
    case let rectifier as RectifierPullback where !rectifier.accumulates:
      (rectifier.outputCotangent, rectifier.inputCotangent)
    default: nil
    }
  }
}
