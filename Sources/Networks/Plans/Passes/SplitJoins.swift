import Kernels
import Tensors

/// Lets a convolution over joined maps sum over the parts: w ∗ [a, b] = w_a ∗ a + w_b ∗ b. Where nobody
/// else wants the joined map it is never made, and neither is its cotangent.
enum SplitJoins {
  static func apply(to program: inout Program, sharing packed: PackedWeights) {
    let uses = program.uses
    var replacements: [Int: [any Kernel]] = [:]
    for root in program.slots.indices where program.slots[root].origin == .kernel {
      if let join = Join(at: root, in: program, uses) {
        splitForward(join, &program, uses, packed, &replacements)
      } else if let join = Join(back: root, in: program, uses) {
        splitBackward(join, &program, packed, &replacements)
      }
    }
    program.rewrite { time, kernel in replacements[time] ?? [kernel] }
  }

  private static func splitForward(
    _ join: Join, _ program: inout Program, _ uses: [SlotUses], _ packed: PackedWeights,
    _ replacements: inout [Int: [any Kernel]]
  ) {
    let readers = uses[join.root].reads.filter { !join.times.contains($0) }
    let (forward, back) = (
      readers.filter { $0 < program.forwardCount }, readers.contains { $0 >= program.forwardCount }
    )
    let convolutions = forward.compactMap { program.kernels[$0] as? Convolution }
    guard convolutions.count == forward.count,
      convolutions.allSatisfy({ $0.isPlain && program.parameter($0.weights) != nil }),
      join.pays(for: convolutions.map { $0.output.shape[1] })
    else { return }
    for (time, convolution) in zip(forward, convolutions) {
      guard let weights = program.parameter(convolution.weights) else { continue }
      replacements[time] = join.parts.enumerated().map { index, part in
        Convolution(
          input: part.operand,
          weights: program.makeParameter(packed.slice(of: weights, inputs: part.channels)),
          bias: index == 0 ? convolution.bias : nil, output: convolution.output,
          geometry: convolution.geometry, accumulates: index > 0)
      }
    }
    if !back && !program.slots[join.root].isRead {
      for time in join.times { replacements[time] = [] }
    }
  }

  private static func splitBackward(
    _ join: Join, _ program: inout Program, _ packed: PackedWeights,
    _ replacements: inout [Int: [any Kernel]]
  ) {
    let pullbacks = join.writers.compactMap { program.kernels[$0] as? ConvolutionPullback }
    guard join.pays(for: pullbacks.map { $0.outputCotangent.shape[1] }) else { return }
    for (time, part) in zip(join.times, join.parts) {
      replacements[time] = pullbacks.enumerated().compactMap { index, pullback in
        program.parameter(pullback.weights).map { weights in
          ConvolutionPullback(
            outputCotangent: pullback.outputCotangent,
            weights: program.makeParameter(packed.slice(of: weights, inputs: part.channels)),
            inputCotangent: part.operand, geometry: pullback.geometry,
            accumulates: part.accumulates || index > 0)
        }
      }
    }
    if !program.slots[join.root].isRead {
      for time in join.writers { replacements[time] = [] }
    }
  }
}

/// Maps `[N, C, H, W]` that are copied side by side into one, or from one.
private struct Join {
  struct Part {
    let operand: Operand
    let channels: Range<Int>
    let accumulates: Bool
  }

  let root: Int
  let parts: [Part]
  /// When the parts are copied.
  let times: [Int]
  /// When else the joined map is written.
  private(set) var writers: [Int] = []

  /// A map that is made of others in the forward pass, and of nothing else.
  init?(at root: Int, in program: Program, _ uses: [SlotUses]) {
    self.init(root, copiedAt: uses[root].writes, in: program) { ($0.source, $0.target) }
    guard times.allSatisfy({ $0 < program.forwardCount }), parts.allSatisfy({ !$0.accumulates }),
      zip(parts, times).allSatisfy({ part, time in
        part.operand.isSlot
          && uses[program.root(of: part.operand)].writes.allSatisfy { $0 < time }
      })
    else { return nil }
  }

  /// A cotangent that pullbacks of convolutions write, and that is only copied to the parts'.
  init?(back root: Int, in program: Program, _ uses: [SlotUses]) {
    let writers = uses[root].writes
    self.init(
      root, copiedAt: uses[root].reads.filter { !writers.contains($0) }, in: program
    ) { ($0.target, $0.source) }
    self.writers = writers
    let pullbacks = writers.compactMap { program.kernels[$0] as? ConvolutionPullback }
    guard let last = writers.last, let first = writers.first, first >= program.forwardCount,
      pullbacks.count == writers.count, times.allSatisfy({ $0 > last }),
      pullbacks.first?.accumulates == false,
      pullbacks.allSatisfy({ pullback in
        pullback.geometry.groups == 1 && program.parameter(pullback.weights) != nil
          && pullback.outputCotangent.isSlot
          && uses[program.root(of: pullback.outputCotangent)].writes.allSatisfy { $0 < first }
      })
    else { return nil }
  }

  /// - Parameter ends: of a copy, the part and its place in the joined map.
  private init?(
    _ root: Int, copiedAt times: [Int], in program: Program,
    _ ends: (StridedCopy) -> (part: StridedCopy.Lattice, place: StridedCopy.Lattice)
  ) {
    var parts: [Part] = []
    var end = 0
    for time in times {
      guard let copy = program.kernels[time] as? StridedCopy else { return nil }
      let (part, place) = ends(copy)
      let (shape, joined) = (part.operand.shape, place.operand.shape)
      guard shape.rank == 4, joined.rank == 4, shape.extents == copy.extents,
        part == StridedCopy.Lattice(part.operand), place.strides == joined.strides,
        place.operand.isSlot, program.root(of: place.operand) == root,
        shape[0] == joined[0], shape[2] == joined[2], shape[3] == joined[3],
        place.offset == end * joined.strides[1]
      else { return nil }
      parts.append(
        Part(
          operand: part.operand, channels: end..<end + shape[1], accumulates: copy.accumulates))
      end += shape[1]
    }
    guard parts.count > 1, let first = times.first,
      let copy = program.kernels[first] as? StridedCopy, end == ends(copy).place.operand.shape[1]
    else { return nil }
    (self.root, self.parts, self.times) = (root, parts, times)
  }

  /// Whether copying the joined map moves more than sums in several steps do.
  func pays(for outputs: [Int]) -> Bool {
    let channels = parts.reduce(0) { $0 + $1.channels.count }
    return !outputs.isEmpty && outputs.reduce(0, +) * (parts.count - 1) <= channels
  }
}

extension Convolution {
  fileprivate var isPlain: Bool { geometry.groups == 1 && !accumulates && gate == nil }
}

/// Weights of a convolution for some of its inputs.
private final class SlicedWeights: Packed {
  let channels: Range<Int>
  let weights: Tensor

  /// Takes `[O, channels, taps, taps]` of `[O, C, taps, taps]`.
  init(_ weights: Tensor, inputs channels: Range<Int>) {
    self.channels = channels
    let (perOutput, window) = (weights.shape.item.count, weights.shape[2] * weights.shape[3])
    let count = channels.count * window
    self.weights = Tensor(
      shape: [weights.shape[0], channels.count, weights.shape[2], weights.shape[3]]
    ) { target in
      weights.withScalars { source in
        for index in target.indices {
          let start = index / count * perOutput + channels.lowerBound * window
          target.initializeElement(at: index, to: source[start + index % count])
        }
      }
    }
  }

  var byteCount: Int { weights.count * MemoryLayout<Float>.stride }
}

extension PackedWeights {
  fileprivate func slice(of weights: Tensor, inputs channels: Range<Int>) -> Tensor {
    shared(of: weights, where: { $0.channels == channels }) {
      SlicedWeights(weights, inputs: channels)
    }.weights
  }
}
