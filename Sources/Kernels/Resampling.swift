import Tensors

/// How each position along an axis comes from the positions of another: a sum of a few of them with
/// weights, plus a constant. Resized axes, and those padded by what they hold, are this.
public struct AxisTaps: Sendable, Hashable {
  /// One input position's share in an output position.
  public struct Tap: Sendable, Hashable {
    public let source: Int
    public let weight: Float

    public init(_ source: Int, weight: Float = 1) {
      self.source = source
      self.weight = weight
    }
  }

  /// Extents before and after.
  public let inputs: Int
  public let outputs: Int
  /// What each output adds to its sum.
  let constants: [Float]
  /// Where each output's taps begin; one more at the end.
  let starts: [Int]
  let taps: [Tap]

  /// Traps where a tap lies outside `0..<inputs`.
  public init(inputs: Int, outputs: Int, of output: (Int) -> (taps: [Tap], constant: Float)) {
    var constants: [Float] = []
    var starts = [0]
    var taps: [Tap] = []
    for position in 0..<outputs {
      let (found, constant) = output(position)
      precondition(found.allSatisfy { (0..<inputs).contains($0.source) }, "a tap lies outside")
      taps += found
      starts.append(taps.count)
      constants.append(constant)
    }
    self.init(inputs: inputs, constants: constants, starts: starts, taps: taps)
  }

  /// Each output is the input at one position. Traps where that lies outside `0..<inputs`.
  public init(inputs: Int, outputs: Int, source: (Int) -> Int) {
    self.init(inputs: inputs, outputs: outputs) { ([Tap(source($0))], 0) }
  }

  private init(inputs: Int, constants: [Float], starts: [Int], taps: [Tap]) {
    self.inputs = inputs
    outputs = constants.count
    self.constants = constants
    self.starts = starts
    self.taps = taps
  }

  /// The way back: what each input gave to the outputs. Constants have no part in it.
  public var transposed: AxisTaps {
    var counts = [Int](repeating: 0, count: inputs + 1)
    for tap in taps { counts[tap.source + 1] += 1 }
    for source in 0..<inputs { counts[source + 1] += counts[source] }
    let starts = counts
    var back = [Tap](repeating: Tap(0), count: taps.count)
    for output in 0..<outputs {
      for tap in taps[self.starts[output]..<self.starts[output + 1]] {
        back[counts[tap.source]] = Tap(output, weight: tap.weight)
        counts[tap.source] += 1
      }
    }
    return AxisTaps(
      inputs: outputs, constants: [Float](repeating: 0, count: inputs), starts: starts, taps: back)
  }
}

/// Resamples along one axis. With the transposed taps it is its own way back.
public struct Resampling: Kernel {
  public let input: Operand
  /// Shaped as the input but for the axis.
  public let output: Operand
  public let axis: Int
  public let taps: AxisTaps
  /// Adds to the output instead of replacing it.
  public let accumulates: Bool

  /// Traps unless the extents along the axis are those of the taps.
  public init(
    input: Operand, output: Operand, axis: Int, taps: AxisTaps, accumulates: Bool = false
  ) {
    precondition(
      input.shape[axis] == taps.inputs && output.shape[axis] == taps.outputs,
      "taps from \(taps.inputs) to \(taps.outputs) between \(input.shape) and \(output.shape)")
    self.input = input
    self.output = output
    self.axis = axis
    self.taps = taps
    self.accumulates = accumulates
  }

  public var reads: [Operand] { [input] + (accumulates ? [output] : []) }
  public var writes: [Operand] { [output] }

  public func run(in memory: Memory) {
    let (x, y) = (memory.read(input), memory.write(output))
    let outer = input.shape.extents[..<axis].reduce(1, *)
    let inner = input.shape.extents[(axis + 1)...].reduce(1, *)
    taps.taps.withUnsafeBufferPointer { all in
      for block in 0..<outer {
        let source = x + block * taps.inputs * inner
        let target = y + block * taps.outputs * inner
        for position in 0..<taps.outputs {
          let own = UnsafeBufferPointer(
            rebasing: all[taps.starts[position]..<taps.starts[position + 1]])
          let constant = taps.constants[position]
          if inner == 1 {
            var sum = constant
            for tap in own { sum += tap.weight * source[tap.source] }
            target[position] = accumulates ? target[position] + sum : sum
          } else {
            combine(own, constant, of: source, into: target + position * inner, count: inner)
          }
        }
      }
    }
  }

  /// The sum of whole rows of `count` elements.
  @inline(__always)
  private func combine(
    _ own: UnsafeBufferPointer<AxisTaps.Tap>, _ constant: Float,
    of source: UnsafePointer<Float>, into row: UnsafeMutablePointer<Float>, count: Int
  ) {
    if !accumulates, own.count == 1, own[0].weight == 1, constant == 0 {
      row.update(from: source + own[0].source * count, count: count)
      return
    }
    if !accumulates {
      row.update(repeating: constant, count: count)
    } else if constant != 0 {
      for index in 0..<count { row[index] += constant }
    }
    for tap in own {
      let (from, weight) = (source + tap.source * count, tap.weight)
      for index in 0..<count { row[index] += weight * from[index] }
    }
  }
}

extension Resampling: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard let input = place(input), let output = place(output) else { return nil }
    return Resampling(
      input: input, output: output, axis: FeatureLayout.channelsLast.place(ofAxis: axis),
      taps: taps, accumulates: accumulates)
  }
}
