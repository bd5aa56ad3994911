/// Carries cotangents back through the difference of two max poolings, in place of the derivative of
/// one.
///
/// Under a window the largest value goes from s, which the reference has at one place, to y, which the
/// input has at another. With m = max(y, s), the rise m − s is owed to where the input is largest, the
/// fall y − m to where the reference is; either is divided by that place's own change, which is at
/// least as large. So Σ dx · Δx = Σ dy · Δy, exactly but for rounding. A place that does not change
/// gets what the derivative gives it.
///
/// Lundberg, Lee: A Unified Approach to Interpreting Model Predictions, 2017 (arXiv:1705.07874), whose
/// code splits changes like this.
public struct MaxPoolingSecant: Kernel {
  /// One of the two poolings.
  public struct Side: Sendable {
    public let input: Operand
    public let output: Operand
    public let winners: Operand

    public init(input: Operand, output: Operand, winners: Operand) {
      self.input = input
      self.output = output
      self.winners = winners
    }

    var operands: [Operand] { [input, output, winners] }
  }

  public let outputCotangent: Operand
  public let subject: Side
  public let reference: Side
  public let inputCotangent: Operand
  public let accumulates: Bool
  public let layout: FeatureLayout

  public init(
    outputCotangent: Operand, subject: Side, reference: Side, inputCotangent: Operand,
    accumulates: Bool, layout: FeatureLayout = .channelsFirst
  ) {
    self.outputCotangent = outputCotangent
    self.subject = subject
    self.reference = reference
    self.inputCotangent = inputCotangent
    self.accumulates = accumulates
    self.layout = layout
  }

  public var reads: [Operand] {
    [outputCotangent] + subject.operands + reference.operands
      + (accumulates ? [inputCotangent] : [])
  }
  public var writes: [Operand] { [inputCotangent] }

  public func run(in memory: Memory) {
    let (dy, dx) = (memory.read(outputCotangent), memory.write(inputCotangent))
    let (x, y) = (memory.read(subject.input), memory.read(subject.output))
    let (a, s) = (memory.read(reference.input), memory.read(reference.output))
    let (highest, before) = (memory.indices(subject.winners), memory.indices(reference.winners))
    if !accumulates { dx.update(repeating: 0, count: inputCotangent.count) }
    let (items, channels, inputs) = inputCotangent.shape.features(layout)
    let outputs = outputCotangent.shape.features(layout).plane
    let (planes, lanes) = layout == .channelsFirst ? (items * channels, 1) : (items, channels)
    for plane in 0..<planes {
      let start = plane * inputs * lanes
      for position in plane * outputs..<(plane + 1) * outputs {
        for lane in 0..<lanes {
          let at = position &* lanes &+ lane
          let largest = max(y[at], s[at])
          let risen = start &+ Int(highest[at]) &* lanes &+ lane
          let fallen = start &+ Int(before[at]) &* lanes &+ lane
          let (rise, fall) = (x[risen] - a[risen], x[fallen] - a[fallen])
          if rise.magnitude < SecantPullback.leastDistance {
            dx[risen] += dy[at]
          } else {
            dx[risen] += dy[at] * ((largest - s[at]) / rise)
          }
          if fall.magnitude >= SecantPullback.leastDistance {
            dx[fallen] += dy[at] * ((y[at] - largest) / fall)
          }
        }
      }
    }
  }
}

extension MaxPoolingSecant: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard layout == .channelsFirst, let outputCotangent = place(outputCotangent),
      let subject = subject.channelsLast(place), let reference = reference.channelsLast(place),
      let inputCotangent = place(inputCotangent)
    else { return nil }
    return MaxPoolingSecant(
      outputCotangent: outputCotangent, subject: subject, reference: reference,
      inputCotangent: inputCotangent, accumulates: accumulates, layout: .channelsLast)
  }

  public var prefersChannelsLast: Bool { true }
}

extension MaxPoolingSecant.Side {
  fileprivate func channelsLast(_ place: (Operand) -> Operand?) -> Self? {
    guard let input = place(input), let output = place(output), let winners = place(winners) else {
      return nil
    }
    return Self(input: input, output: output, winners: winners)
  }
}
