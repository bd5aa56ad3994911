import Kernels
import Tensors

/// Multiplies the factors behind a convolution into its weights: a normalisation with fixed statistics
/// costs nothing then, neither forward nor back.
enum FoldedScales {
  static func apply(to program: inout Program, sharing packed: PackedWeights) {
    let uses = program.uses
    var replacements: [Int: [any Kernel]] = [:]

    // Forward: y = s ∘ (w ∗ x + b) + t = (s ∘ w) ∗ x + (s ∘ b + t).
    for (time, kernel) in program.kernels[..<program.forwardCount].enumerated() {
      guard let affine = kernel as? ChannelAffine, affine.keepsOrder,
        let source = uses.onlyWriter(of: affine.input, in: program),
        let convolution = program.kernels[source] as? Convolution,
        !convolution.accumulates, convolution.gate == nil, replacements[source] == nil,
        let folded = packed.folded(
          convolution.weights, convolution.bias, by: affine.scale, plus: affine.shift, in: program)
      else { continue }
      // Forward readers other than the factors would need the sums themselves; who reads them from
      // outside or on the way back gets them from a convolution of their own.
      let reads = uses[program.root(of: affine.input)].reads
      guard reads.allSatisfy({ $0 == time || $0 >= program.forwardCount }) else { continue }
      let isReadElsewhere = program.slot(of: affine.input).isRead || reads.count > 1
      replacements[source] =
        [
          Convolution(
            input: convolution.input, weights: program.makeParameter(folded.weights),
            bias: program.makeParameter(folded.bias), output: affine.output,
            geometry: convolution.geometry)
        ] + (isReadElsewhere ? [convolution] : [])
      replacements[time] = []
    }

    // Back: dx = wᵀ ∗ (s ∘ dy) = (s ∘ w)ᵀ ∗ dy.
    for (time, kernel) in program.kernels.enumerated().dropFirst(program.forwardCount) {
      guard let pullback = kernel as? ConvolutionPullback,
        let source = uses.onlyWriter(of: pullback.outputCotangent, in: program),
        let affine = program.kernels[source] as? ChannelAffinePullback, affine.keepsOrder,
        !affine.accumulates,
        // What the factors read must still be there.
        uses[program.root(of: affine.outputCotangent)].writes.allSatisfy({ $0 < source }),
        let folded = packed.folded(pullback.weights, nil, by: affine.scale, plus: nil, in: program)
      else { continue }
      replacements[time] = [
        ConvolutionPullback(
          outputCotangent: affine.outputCotangent, weights: program.makeParameter(folded.weights),
          inputCotangent: pullback.inputCotangent, geometry: pullback.geometry,
          accumulates: pullback.accumulates)
      ]
      let slot = program.slot(of: pullback.outputCotangent)
      let reads = uses[program.root(of: pullback.outputCotangent)].reads
      if reads == [time] && !slot.isRead { replacements[source] = [] }
    }
    program.rewrite { time, kernel in replacements[time] ?? [kernel] }
  }
}

extension [SlotUses] {
  /// The one kernel that writes a slot, where nothing else does, from outside either.
  func onlyWriter(of operand: Operand, in program: Program) -> Int? {
    guard operand.isSlot, program.slot(of: operand).origin == .kernel else { return nil }
    let writes = self[program.root(of: operand)].writes
    return writes.count == 1 ? writes[0] : nil
  }
}

extension ChannelAffine {
  fileprivate var keepsOrder: Bool { order == Array(0..<input.shape[1]) }
}

extension ChannelAffinePullback {
  fileprivate var keepsOrder: Bool { order == Array(0..<inputCotangent.shape[1]) }
}

/// Weights with factors for each output multiplied in.
private final class FoldedWeights: Packed {
  let factors: Tensor
  let offsets: Tensor?
  let oldBias: Tensor?
  let weights: Tensor
  let bias: Tensor

  init(_ weights: Tensor, _ oldBias: Tensor?, by factors: Tensor, plus offsets: Tensor?) {
    (self.factors, self.offsets, self.oldBias) = (factors, offsets, oldBias)
    let perOutput = weights.shape.item.count
    self.weights = Tensor(shape: weights.shape) { target in
      weights.withScalars { source in
        for output in 0..<factors.count {
          let factor = factors[output]
          for index in output * perOutput..<(output + 1) * perOutput {
            target.initializeElement(at: index, to: source[index] * factor)
          }
        }
      }
    }
    bias = Tensor(
      (0..<factors.count).map { factors[$0] * (oldBias?[$0] ?? 0) + (offsets?[$0] ?? 0) },
      shape: [factors.count])
  }

  var byteCount: Int { (weights.count + bias.count) * MemoryLayout<Float>.stride }
}

extension PackedWeights {
  /// Nil where anything is computed by the plan.
  fileprivate func folded(
    _ weights: Operand, _ bias: Operand?, by factors: Operand, plus offsets: Operand?,
    in program: Program
  ) -> FoldedWeights? {
    guard let weights = program.parameter(weights), let factors = program.parameter(factors),
      bias?.isConstant != false, offsets?.isConstant != false
    else { return nil }
    let (bias, offsets) = (
      bias.flatMap(program.parameter), offsets.flatMap(program.parameter)
    )
    return shared(of: weights) {
      $0.factors.isIdentical(to: factors) && $0.offsets.isIdentical(to: offsets)
        && $0.oldBias.isIdentical(to: bias)
    } orMake: {
      FoldedWeights(weights, bias, by: factors, plus: offsets)
    }
  }
}

extension Tensor {
  /// Whether both share their memory.
  fileprivate func isIdentical(to other: Tensor) -> Bool {
    shape == other.shape
      && withScalars { a in other.withScalars { b in a.baseAddress == b.baseAddress } }
  }
}

extension Tensor? {
  fileprivate func isIdentical(to other: Tensor?) -> Bool {
    switch (self, other) {
    case (nil, nil): true
    case (let a?, let b?): a.isIdentical(to: b)
    default: false
    }
  }
}
