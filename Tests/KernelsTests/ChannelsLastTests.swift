import Kernels
import Tensors
import Testing

@testable import Kernels

/// Values in both layouts, for a kernel and its form with channels last.
final class TwinBench {
  let bench = KernelBench()
  private var twins: [Operand: Operand] = [:]

  /// A feature map `[N, C, H, W]` and its twin.
  func slot(_ tensor: Tensor) -> Operand {
    let operand = bench.slot(tensor)
    twins[operand] = bench.slot(tensor.channelsLast)
    return operand
  }

  func slot(_ shape: Shape, element: Operand.Element = .float32) -> Operand {
    let operand = bench.slot(shape, element: element)
    twins[operand] = bench.slot(shape.withChannelsLast, element: element)
    return operand
  }

  func twin(of kernel: any FeatureMapKernel) -> (any Kernel)? {
    kernel.channelsLast { twins[$0] }
  }

  /// What kernels leave in an operand, in both layouts, both as `[N, C, H, W]`.
  func run(
    _ kernels: [any FeatureMapKernel], reading operand: Operand
  ) throws -> (plain: Tensor, twin: Tensor) {
    let plain = bench.run(kernels, reading: operand)
    let twins = try kernels.map { try #require(twin(of: $0)) }
    let place = try #require(self.twins[operand] ?? operand.seenChannelsLast)
    return (plain, bench.run(twins, reading: place).channelsFirst)
  }
}

extension Tensor {
  /// `[N, H, W, C]` of `[N, C, H, W]`.
  var channelsLast: Tensor { permuted(to: [0, 2, 3, 1]) }

  /// `[N, C, H, W]` of `[N, H, W, C]`.
  var channelsFirst: Tensor { permuted(to: [0, 3, 1, 2]) }

  private func permuted(to axes: [Int]) -> Tensor {
    let target = Shape(axes.map { shape[$0] })
    return Tensor(
      (0..<count).map { position in
        self[
          axes.indices.reduce(0) {
            $0 + position / target.strides[$1] % target[$1] * shape.strides[axes[$1]]
          }]
      }, shape: target)
  }
}

/// Laws of `FeatureMapKernel`: with channels last a kernel computes the same.
@Suite struct ChannelsLastTests {
  private let shape: Shape = [2, 5, 3, 4]

  private func expectSame(
    _ pair: (plain: Tensor, twin: Tensor), within tolerance: Float = 0,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    if tolerance == 0 {
      let isSame = pair.twin.bits == pair.plain.bits
      #expect(isSame, sourceLocation: sourceLocation)
    } else {
      #expect(
        pair.twin.relativeDifference(from: pair.plain) <= tolerance,
        sourceLocation: sourceLocation)
    }
  }

  /// Runs what `kernels` gives for a target that starts empty and for one that is added to.
  private func check(
    _ target: Shape, within tolerance: Float = 0,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ kernels: (TwinBench, _ target: Operand, _ accumulates: Bool) -> [any FeatureMapKernel]
  ) throws {
    for accumulates in [false, true] {
      let bench = TwinBench()
      let dx = accumulates ? bench.slot(.random(target, seed: 9)) : bench.slot(target)
      expectSame(
        try bench.run(kernels(bench, dx, accumulates), reading: dx), within: tolerance,
        sourceLocation: sourceLocation)
    }
  }

  @Test func `functions of one element do not care`() throws {
    let bench = TwinBench()
    let y = bench.slot(shape)
    expectSame(
      try bench.run(
        [Map(input: bench.slot(.random(shape)), output: y, function: Rectifier())], reading: y))
    try check(shape) { bench, dx, accumulates in
      [
        MapPullback(
          outputCotangent: bench.slot(.random(shape)), subject: bench.slot(.random(shape, seed: 2)),
          inputCotangent: dx, function: Rectifier(), accumulates: accumulates)
      ]
    }
    for rule in BackwardRule.allCases {
      try check(shape) { bench, dx, accumulates in
        [
          RectifierPullback(
            outputCotangent: bench.slot(.random(shape)),
            output: bench.slot(.random(shape, seed: 2)), inputCotangent: dx, rule: rule,
            accumulates: accumulates)
        ]
      }
    }
  }

  @Test func `slopes between two points do not care`() throws {
    try check(shape) { bench, dx, accumulates in
      let values = (1...6).map { bench.slot(.random(shape, seed: $0)) }
      return [
        SecantPullback(
          outputCotangent: values[0], derivative: values[1], input: values[2], output: values[3],
          referenceInput: values[4], referenceOutput: values[5], inputCotangent: dx,
          accumulates: accumulates)
      ]
    }
    let bench = TwinBench()
    let y = bench.slot(shape)
    expectSame(
      try bench.run(
        [
          Blend(
            from: bench.slot(.random(shape)), to: bench.slot(.random(shape, seed: 2)), at: 0.3,
            output: y)
        ], reading: y))
  }

  @Test(arguments: [[2, 5, 3, 4], [2, 5, 1, 1], [1, 5, 1, 1], [2, 1, 3, 4], [1, 1, 1, 1]])
  func `operands are repeated over feature maps`(_ extents: [Int]) throws {
    let other = Shape(extents)
    // The order of a sum over positions changes.
    let tolerance = other == shape ? 0 : Tolerance.reordered
    for isSecond in [true, false] {
      let bench = TwinBench()
      let (a, b) = (bench.slot(.random(shape)), bench.slot(.random(other, seed: 2)))
      let y = bench.slot(shape)
      expectSame(
        try bench.run(
          [
            Broadcast<Product>(
              first: isSecond ? a : b, second: isSecond ? b : a, output: y)
          ], reading: y))
      for side in [BroadcastSide.first, .second] {
        try check((side == .second) == isSecond ? other : shape, within: tolerance) {
          bench, dx, accumulates in
          let (a, b) = (bench.slot(.random(shape)), bench.slot(.random(other, seed: 2)))
          return [
            BroadcastPullback<Product>(
              outputCotangent: bench.slot(.random(shape, seed: 3)), first: isSecond ? a : b,
              second: isSecond ? b : a, inputCotangent: dx, side: side, accumulates: accumulates)
          ]
        }
      }
    }
  }

  @Test(arguments: [[], [1], [5, 1, 1], [1, 5, 1, 1], [3, 4], [1, 3, 4], [4]])
  func `constants are repeated without being moved`(_ extents: [Int]) throws {
    let bench = TwinBench()
    let (x, y) = (bench.slot(.random(shape)), bench.slot(shape))
    let constant = bench.bench.parameter(.random(Shape(extents), seed: 2))
    expectSame(
      try bench.run([Broadcast<Sum>(first: constant, second: x, output: y)], reading: y))
  }

  @Test func `operands whose elements would have to move are refused`() throws {
    let bench = TwinBench()
    let (x, y) = (bench.slot(.random(shape)), bench.slot(shape))
    for extents in [[5, 3, 4], [1, 5, 3, 1], [2, 5, 3, 4]] {
      let constant = bench.bench.parameter(.random(Shape(extents), seed: 2))
      #expect(
        bench.twin(of: Broadcast<Sum>(first: x, second: constant, output: y)) == nil)
    }
    #expect(
      bench.twin(
        of: Map(input: bench.bench.slot(shape), output: y, function: Rectifier())) == nil)
  }

  @Test func `operands that a slope does not read need no twin`() throws {
    let target: Shape = [2, 5, 1, 1]
    try check(target, within: Tolerance.reordered) { bench, dx, accumulates in
      [
        BroadcastPullback<Sum>(
          outputCotangent: bench.slot(.random(shape)), first: bench.bench.slot(shape),
          second: bench.bench.slot(target), inputCotangent: dx, side: .second,
          accumulates: accumulates)
      ]
    }
  }

  @Test(arguments: PoolingCase.all) func `pools slide over the same pixels`(of it: PoolingCase)
    throws
  {
    // Few distinct values, so that there are ties.
    let x = Tensor.random(it.inputShape).map { ($0 * 2).rounded() }
    let bench = TwinBench()
    let (y, winners) = (bench.slot(it.outputShape), bench.slot(it.outputShape, element: .int32))
    expectSame(
      try bench.run(
        [MaxPooling(input: bench.slot(x), output: y, winners: winners, window: it.window)],
        reading: y))
    try check(it.inputShape) { bench, dx, accumulates in
      let (y, winners) = (bench.slot(it.outputShape), bench.slot(it.outputShape, element: .int32))
      return [
        MaxPooling(input: bench.slot(x), output: y, winners: winners, window: it.window),
        MaxPoolingPullback(
          outputCotangent: bench.slot(.random(it.outputShape, seed: 2)), winners: winners,
          inputCotangent: dx, window: it.window, accumulates: accumulates),
      ]
    }
    try check(it.inputShape) { bench, dx, accumulates in
      let poolings = [x, .random(it.inputShape, seed: 7)].map { input in
        let winners = bench.slot(it.outputShape, element: .int32)
        return MaxPooling(
          input: bench.slot(input), output: bench.slot(it.outputShape), winners: winners,
          window: it.window)
      }
      let sides = poolings.map {
        MaxPoolingSecant.Side(input: $0.input, output: $0.output, winners: $0.winners)
      }
      return poolings + [
        MaxPoolingSecant(
          outputCotangent: bench.slot(.random(it.outputShape, seed: 2)), subject: sides[0],
          reference: sides[1], inputCotangent: dx, accumulates: accumulates)
      ]
    }
    for divisor in [AverageDivisor.inside, .padded] {
      let bench = TwinBench()
      let y = bench.slot(it.outputShape)
      expectSame(
        try bench.run(
          [
            AveragePooling(
              input: bench.slot(.random(it.inputShape)), output: y, window: it.window,
              divisor: divisor)
          ], reading: y))
      try check(it.inputShape) { bench, dx, accumulates in
        [
          AveragePoolingPullback(
            outputCotangent: bench.slot(.random(it.outputShape, seed: 2)), inputCotangent: dx,
            window: it.window, divisor: divisor, accumulates: accumulates)
        ]
      }
    }
  }

  @Test(arguments: [1, 2, 7, 13]) func `means are over the same planes`(side: Int) throws {
    let (shape, mean): (Shape, Shape) = ([2, 5, side, side], [2, 5, 1, 1])
    let bench = TwinBench()
    let y = bench.slot(mean)
    expectSame(
      try bench.run([SpatialMean(input: bench.slot(.random(shape)), output: y)], reading: y),
      within: Tolerance.reordered)
    try check(shape) { bench, dx, accumulates in
      [
        SpatialMeanPullback(
          outputCotangent: bench.slot(.random(mean)), inputCotangent: dx, accumulates: accumulates)
      ]
    }
  }

  @Test(arguments: [[0, 1, 2, 3, 4], [4, 2, 2], [1, 0, 3, 3, 2, 4, 4]])
  func `channels keep their factors`(order: [Int]) throws {
    let output = Shape([shape[0], order.count, shape[2], shape[3]])
    let scale = Tensor.random([order.count], seed: 5)
    let bench = TwinBench()
    let y = bench.slot(output)
    expectSame(
      try bench.run(
        [
          ChannelAffine(
            input: bench.slot(.random(shape)), scale: bench.bench.parameter(scale),
            shift: bench.bench.parameter(.random([order.count], seed: 6)), output: y, order: order)
        ], reading: y), within: Tolerance.reordered)
    try check(shape, within: Tolerance.reordered) { bench, dx, accumulates in
      [
        ChannelAffinePullback(
          outputCotangent: bench.slot(.random(output)), scale: bench.bench.parameter(scale),
          inputCotangent: dx, order: order, accumulates: accumulates)
      ]
    }
  }

  @Test(arguments: [Float(0.75), 0.5], [1, 2, 5, 9])
  func `neighbouring channels stay neighbours`(beta: Float, size: Int) throws {
    let window = ResponseWindow(size: size, alpha: 0.5, beta: beta, bias: 2)
    func forward(_ bench: TwinBench, _ x: Operand, _ y: Operand, _ bases: Operand) -> LocalResponse
    {
      LocalResponse(input: x, output: y, bases: bases, window: window)
    }
    let bench = TwinBench()
    let (x, y, bases) = (bench.slot(.random(shape)), bench.slot(shape), bench.slot(shape))
    expectSame(
      try bench.run([forward(bench, x, y, bases)], reading: y), within: Tolerance.reordered)
    try check(shape, within: Tolerance.reordered) { bench, dx, accumulates in
      let (x, y, bases) = (bench.slot(.random(shape)), bench.slot(shape), bench.slot(shape))
      return [
        forward(bench, x, y, bases),
        LocalResponsePullback(
          outputCotangent: bench.slot(.random(shape, seed: 2)), input: x, output: y, bases: bases,
          inputCotangent: dx, window: window, accumulates: accumulates),
      ]
    }
  }

  @Test(arguments: [0, 1, 2, 3]) func `axes keep their role`(axis: Int) throws {
    for isLogarithmic in [true, false] {
      let bench = TwinBench()
      let y = bench.slot(shape)
      expectSame(
        try bench.run(
          [
            Softmax(
              input: bench.slot(.random(shape)), output: y, axis: axis,
              isLogarithmic: isLogarithmic)
          ], reading: y))
      try check(shape) { bench, dx, accumulates in
        [
          SoftmaxPullback(
            outputCotangent: bench.slot(.random(shape)),
            output: bench.slot(.random(shape, seed: 2)), inputCotangent: dx, axis: axis,
            isLogarithmic: isLogarithmic, accumulates: accumulates)
        ]
      }
    }
    let taps = AxisTaps(inputs: shape[axis], outputs: 7) { output in
      ([.init(0, weight: 0.25), .init(output % shape[axis], weight: 0.5)], 0.125)
    }
    var extents = shape.extents
    extents[axis] = 7
    // Sums of whole rows add to what is there one after the other.
    try check(Shape(extents), within: Tolerance.reordered) { bench, y, accumulates in
      [
        Resampling(
          input: bench.slot(.random(shape)), output: y, axis: axis, taps: taps,
          accumulates: accumulates)
      ]
    }
  }

  @Test(arguments: [0, 1, 2, 3]) func `joins along every axis come apart again`(axis: Int) throws {
    var extents = shape.extents
    extents[axis] = 9
    let joined = Shape(extents)
    extents[axis] = 9 - shape[axis]
    let parts = [shape, Shape(extents)]
    let starts = [0, shape[axis] * joined.strides[axis]]
    let bench = TwinBench()
    let y = bench.slot(joined)
    expectSame(
      try bench.run(
        zip(parts, starts).map { part, start in
          StridedCopy(
            from: .init(bench.slot(.random(part, seed: UInt64(start + 1)))),
            to: .init(y, offset: start, strides: joined.strides), extents: part.extents,
            keepsRest: start > 0)
        }, reading: y))
    for (part, start) in zip(parts, starts) {
      try check(part) { bench, dx, accumulates in
        [
          StridedCopy(
            from: .init(
              bench.slot(.random(joined)), offset: start, strides: joined.strides), to: .init(dx),
            extents: part.extents, accumulates: accumulates)
        ]
      }
    }
  }

  @Test func `copies follow steps, repetitions and squares`() throws {
    // x[:, ::-2, 1:, ::3] of [2, 5, 3, 4]
    try check([2, 3, 2, 2]) { bench, y, accumulates in
      [
        StridedCopy(
          from: .init(bench.slot(.random(shape)), offset: 48 + 4, strides: [60, -24, 4, 3]),
          to: .init(y), extents: [2, 3, 2, 2], accumulates: accumulates)
      ]
    }
    // [1, 5, 1, 1] over the shape, and summed back.
    try check(shape) { bench, y, accumulates in
      [
        StridedCopy(
          from: .init(
            bench.bench.parameter(.random([5, 1, 1])), strides: [0, 1, 0, 0]), to: .init(y),
          extents: shape.extents, accumulates: accumulates)
      ]
    }
    try check([1, 5, 1, 1], within: Tolerance.reordered) { bench, dx, accumulates in
      [
        Fill(dx),
        StridedCopy(
          from: .init(bench.slot(.random(shape))), to: .init(dx, strides: [0, 1, 0, 0]),
          extents: shape.extents, accumulates: true),
      ]
    }
    // Channels become squares of 2x2 pixels.
    try check([1, 2, 6, 4]) { bench, y, accumulates in
      [
        StridedCopy(
          from: .init(bench.slot(.random([1, 8, 3, 2])), strides: [12, 6, 24, 12, 2, 1]),
          to: .init(y, strides: [24, 24, 4, 1, 8, 2]), extents: [1, 2, 2, 2, 3, 2],
          accumulates: accumulates)
      ]
    }
  }

  @Test func `a walk across axes is refused`() {
    let bench = TwinBench()
    let (x, y) = (bench.slot(shape), bench.slot(shape))
    let flat = StridedCopy(
      from: .init(x, strides: [1]), to: .init(y, strides: [1]), extents: [shape.count])
    #expect(bench.twin(of: flat) == nil)
    let rows = bench.bench.slot([2, 60])
    let view = StridedCopy(
      from: .init(x, strides: [60, 1]), to: .init(rows), extents: [2, 60])
    #expect(bench.twin(of: view) == nil)
  }
}
