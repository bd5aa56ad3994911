/// The mean of each plane of `[N, C, …]`: global average pooling.
public struct SpatialMean: Kernel {
  /// `[N, C, …]`, or `[N, …, C]` as `layout` says.
  public let input: Operand
  /// `[N, C, 1, …]`
  public let output: Operand
  public let layout: FeatureLayout

  public init(input: Operand, output: Operand, layout: FeatureLayout = .channelsFirst) {
    self.input = input
    self.output = output
    self.layout = layout
  }

  public var reads: [Operand] { [input] }
  public var writes: [Operand] { [output] }

  public func run(in memory: Memory) {
    let (x, y) = (memory.read(input), memory.write(output))
    let (items, channels, plane) = input.shape.features(layout)
    switch layout {
    case .channelsFirst:
      for index in 0..<items * channels {
        y[index] = Matrices.sum(x + index * plane, count: plane) / Float(plane)
      }
    case .channelsLast:
      for item in 0..<items {
        for channel in 0..<channels {
          let source = x + item * plane * channels + channel
          var total: Float = 0
          for start in stride(from: 0, to: plane, by: Matrices.runLength) {
            var sum: Float = 0
            for position in start..<min(start + Matrices.runLength, plane) {
              sum += source[position &* channels]
            }
            total += sum
          }
          y[item * channels + channel] = total / Float(plane)
        }
      }
    }
  }
}

/// Spreads each mean's cotangent evenly over its plane.
public struct SpatialMeanPullback: Kernel {
  public let outputCotangent: Operand
  public let inputCotangent: Operand
  public let accumulates: Bool
  public let layout: FeatureLayout

  public init(
    outputCotangent: Operand, inputCotangent: Operand, accumulates: Bool,
    layout: FeatureLayout = .channelsFirst
  ) {
    self.outputCotangent = outputCotangent
    self.inputCotangent = inputCotangent
    self.accumulates = accumulates
    self.layout = layout
  }

  public var reads: [Operand] { [outputCotangent] + (accumulates ? [inputCotangent] : []) }
  public var writes: [Operand] { [inputCotangent] }

  public func run(in memory: Memory) {
    let (dy, dx) = (memory.read(outputCotangent), memory.write(inputCotangent))
    let (items, channels, plane) = inputCotangent.shape.features(layout)
    let distance = layout == .channelsFirst ? 1 : channels
    for item in 0..<items {
      for channel in 0..<channels {
        let share = dy[item * channels + channel] / Float(plane)
        let target =
          dx + item * channels * plane + channel * (layout == .channelsFirst ? plane : 1)
        for position in 0..<plane {
          let at = position &* distance
          target[at] = accumulates ? target[at] + share : share
        }
      }
    }
  }
}

extension SpatialMean: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard layout == .channelsFirst, let input = place(input), let output = place(output)
    else { return nil }
    return SpatialMean(input: input, output: output, layout: .channelsLast)
  }

  public var prefersChannelsLast: Bool { true }
}

extension SpatialMeanPullback: FeatureMapKernel {
  public func channelsLast(_ place: (Operand) -> Operand?) -> (any Kernel)? {
    guard layout == .channelsFirst, let outputCotangent = place(outputCotangent),
      let inputCotangent = place(inputCotangent)
    else { return nil }
    return SpatialMeanPullback(
      outputCotangent: outputCotangent, inputCotangent: inputCotangent, accumulates: accumulates,
      layout: .channelsLast)
  }

  public var prefersChannelsLast: Bool { true }
}
