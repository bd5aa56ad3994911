import CKernels
import Kernels
import Tensors
import Testing

@testable import Kernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Kernels that the fast engine has in C, with channels last.
struct VectorCase: CustomTestStringConvertible, Sendable {
  let testDescription: String
  /// Largest relative difference from the portable kernel.
  let tolerance: Float
  /// Kernels on some of three items, all of which the fast engine has a step for, and their result.
  let make: @Sendable (KernelBench, Range<Int>) -> (kernels: [any Kernel], result: Operand)

  init(
    _ description: String, within tolerance: Float = 0,
    _ make: @escaping @Sendable (KernelBench, Range<Int>) -> ([any Kernel], Operand)
  ) {
    testDescription = description
    self.tolerance = tolerance
    self.make = make
  }

  func run(
    items: Range<Int> = 0..<3, on engine: Engine = .portable, threads: Int = 1
  ) -> Tensor {
    let bench = KernelBench()
    let (kernels, result) = make(bench, items)
    return bench.run(kernels, reading: result, on: engine, threads: threads)
  }

  /// Whether the fast engine has the kernel and agrees with the portable one.
  var agrees: Bool {
    Engine.available.allSatisfy { engine in
      let (expected, found) = (run(), run(on: engine))
      return tolerance == 0
        ? found.bits == expected.bits : found.relativeDifference(from: expected) <= tolerance
    }
  }

  // MARK: - The cases

  /// Two units in the last place of an exponential on either side, and a rounding or two after it.
  static let exponential: Float = 1e-6
  /// A rounding more or less for a fused addition.
  static let fused: Float = 2.5e-7

  /// `[N, H, W, C]`: some channels more than whole vectors, fewer than one, and enough elements to be
  /// split over threads.
  static let shapes: [Shape] = [[3, 5, 7, 87], [3, 4, 3, 3], [3, 18, 16, 96]]

  private typealias Emit =
    @Sendable (
      _ x: (Shape, UInt64) -> Operand, _ target: Operand, _ accumulates: Bool, _ shape: Shape
    ) -> [any Kernel]

  /// A kernel for every shape, with targets that start empty and such that are added to.
  private static func cases(
    _ name: String, within tolerance: Float = 0, accumulates: [Bool] = [false, true],
    target: @escaping @Sendable (Shape) -> Shape = { $0 }, _ emit: @escaping Emit
  ) -> [VectorCase] {
    shapes.flatMap { shape in
      accumulates.map { accumulates in
        VectorCase("\(name) \(shape)\(accumulates ? " +=" : "")", within: tolerance) {
          bench, items in
          /// Values of the whole batch, of which the items are taken.
          func random(_ shape: Shape, _ seed: UInt64) -> Tensor {
            let all = Tensor.random(shape, seed: seed)
            return shape.rank == 4 && shape[0] == 3 ? all.items(items) : all
          }
          let whole = target(shape)
          let place =
            accumulates ? bench.slot(random(whole, 9)) : bench.slot(whole.batched(items.count))
          let kernels = emit(
            { bench.slot(random($0, $1)) }, place, accumulates, shape.batched(items.count))
          return (kernels, place)
        }
      }
    }
  }

  private static func function<F: ScalarFunction>(_ f: F, within tolerance: Float)
    -> [VectorCase]
  {
    cases("\(F.self)", within: tolerance, accumulates: [false]) { x, y, _, shape in
      [Map(input: x(shape.batched(3), 1), output: y, function: f)]
    }
      + cases("\(F.self) pullback", within: tolerance) { x, dx, accumulates, shape in
        [
          MapPullback(
            outputCotangent: x(shape.batched(3), 1), subject: x(shape.batched(3), 2),
            inputCotangent: dx, function: f, accumulates: accumulates)
        ]
      }
  }

  private static func operation<F: BinaryFunction>(_: F.Type) -> [VectorCase] {
    let others: [@Sendable (Shape) -> Shape] = [
      { $0.batched(3) }, { [3, 1, 1, $0[3]] }, { [1, 1, 1, $0[3]] }, { [3, $0[1], $0[2], 1] },
      { _ in [] },
    ]
    return others.enumerated().flatMap { index, other in
      cases("\(F.self) \(index)", accumulates: [false]) { x, y, _, shape in
        [Broadcast<F>(first: x(shape.batched(3), 1), second: x(other(shape), 2), output: y)]
      }
        + cases("\(F.self) \(index) first pullback", within: fused) { x, dx, accumulates, shape in
          [
            BroadcastPullback<F>(
              outputCotangent: x(shape.batched(3), 3), first: x(shape.batched(3), 1),
              second: x(other(shape), 2), inputCotangent: dx, side: .first,
              accumulates: accumulates)
          ]
        }
    }
      + others.prefix(2).enumerated().flatMap { index, other in
        cases("\(F.self) \(index) swapped", accumulates: [false]) { x, y, _, shape in
          [Broadcast<F>(first: x(other(shape), 2), second: x(shape.batched(3), 1), output: y)]
        }
          + cases(
            "\(F.self) \(index) second pullback", within: Tolerance.reordered, target: other
          ) { x, dx, accumulates, shape in
            [
              BroadcastPullback<F>(
                outputCotangent: x(shape.batched(3), 3), first: x(shape.batched(3), 1),
                second: x(other(shape), 2), inputCotangent: dx, side: .second,
                accumulates: accumulates)
            ]
          }
      }
  }

  private static func pools(_ it: PoolingCase, channels: Int) -> [VectorCase] {
    func last(_ shape: Shape, items: Int) -> Shape { [items, shape[2], shape[3], channels] }
    let (input, output) = (last(it.inputShape, items: 3), last(it.outputShape, items: 3))
    let isGathered = [it.window.rows, it.window.columns].allSatisfy { $0.dilation == 1 }
    var result: [VectorCase] = []
    func add(
      _ name: String,
      _ make: @escaping @Sendable (KernelBench, Range<Int>) -> ([any Kernel], Operand)
    ) {
      result.append(VectorCase("\(name) \(it) \(channels)", make))
    }
    /// Few distinct values, so that there are ties, and one that is none.
    var values = Tensor.random(input).map { ($0 * 2).rounded() }
    values[values.count / 2] = .nan
    let x = values
    let dy = Tensor.random(output, seed: 2)
    let start = Tensor.random(input, seed: 3)
    add("maximum") { bench, items in
      let y = bench.slot(output.batched(items.count))
      let winners = bench.slot(y.shape, element: .int32)
      return (
        [
          MaxPooling(
            input: bench.slot(x.items(items)), output: y, winners: winners, window: it.window,
            layout: .channelsLast)
        ], y
      )
    }
    for accumulates in isGathered ? [false, true] : [] {
      add("maximum's pullback \(accumulates)") { bench, items in
        let y = bench.slot(output.batched(items.count))
        let winners = bench.slot(y.shape, element: .int32)
        let dx =
          accumulates ? bench.slot(start.items(items)) : bench.slot(input.batched(items.count))
        return (
          [
            MaxPooling(
              input: bench.slot(x.items(items)), output: y, winners: winners, window: it.window,
              layout: .channelsLast),
            MaxPoolingPullback(
              outputCotangent: bench.slot(dy.items(items)), winners: winners, inputCotangent: dx,
              window: it.window, accumulates: accumulates, layout: .channelsLast),
          ], dx
        )
      }
    }
    for divisor in [AverageDivisor.inside, .padded] {
      add("mean \(divisor)") { bench, items in
        let y = bench.slot(output.batched(items.count))
        return (
          [
            AveragePooling(
              input: bench.slot(start.items(items)), output: y, window: it.window,
              divisor: divisor, layout: .channelsLast)
          ], y
        )
      }
      for accumulates in isGathered ? [false, true] : [] {
        add("mean's pullback \(divisor) \(accumulates)") { bench, items in
          let dx =
            accumulates ? bench.slot(start.items(items)) : bench.slot(input.batched(items.count))
          return (
            [
              AveragePoolingPullback(
                outputCotangent: bench.slot(dy.items(items)), inputCotangent: dx,
                window: it.window, divisor: divisor, accumulates: accumulates,
                layout: .channelsLast)
            ], dx
          )
        }
      }
    }
    return result
  }

  /// Copies of boxes: from and to a layout with channels last, and a part of the channels.
  private static var copies: [VectorCase] {
    let entering = cases("entering") { x, y, accumulates, shape in
      let plain: Shape = [3, shape[3], shape[1], shape[2]]
      let strides = plain.strides
      return [
        StridedCopy(
          from: .init(x(plain, 1), strides: [strides[0], strides[2], strides[3], strides[1]]),
          to: .init(y), extents: shape.extents, accumulates: accumulates)
      ]
    }
    let leaving = cases("leaving", target: { [$0[0], $0[3], $0[1], $0[2]] }) {
      x, y, accumulates, shape in
      let strides = shape.strides
      return [
        StridedCopy(
          from: .init(
            x(shape.batched(3), 1), strides: [strides[0], strides[3], strides[1], strides[2]]),
          to: .init(y), extents: y.shape.extents, accumulates: accumulates)
      ]
    }
    let slices = cases("slice", target: { [$0[0], $0[1], $0[2], $0[3] - 1] }) {
      x, y, accumulates, shape in
      [
        StridedCopy(
          from: .init(x(shape.batched(3), 1), offset: 1, strides: shape.strides), to: .init(y),
          extents: y.shape.extents, accumulates: accumulates)
      ]
    }
    let reversed = cases("reversed") { x, y, accumulates, shape in
      let strides = shape.strides
      return [
        StridedCopy(
          from: .init(
            x(shape.batched(3), 1), offset: (shape[1] - 1) * strides[1],
            strides: [strides[0], -strides[1], strides[2], strides[3]]), to: .init(y),
          extents: shape.extents, accumulates: accumulates)
      ]
    }
    let flat = cases("flat") { x, y, accumulates, shape in
      [
        StridedCopy(
          from: .init(x(shape.batched(3), 1), strides: [1]), to: .init(y, strides: [1]),
          extents: [shape.count], accumulates: accumulates)
      ]
    }
    return entering + leaving + slices + reversed + flat
  }

  /// Fewer and more terms and columns than stay in the nearest cache.
  private static var products: [VectorCase] {
    [(7, 3), (70, 43), (2100, 35), (83, 1100)].flatMap { depth, columns in
      [true, false].map { transposed in
        VectorCase(
          "product \(depth)x\(columns) \(transposed ? "transposed" : "")",
          within: Tolerance.reordered
        ) { bench, items in
          let y = bench.slot([items.count, columns])
          return (
            [
              MatrixProduct(
                input: bench.slot(.random([3, depth]).items(items)),
                weights: bench.parameter(
                  .random(transposed ? [columns, depth] : [depth, columns], seed: 2)),
                bias: bench.parameter(.random([columns], seed: 3)), output: y,
                transposed: transposed)
            ], y
          )
        }
      }
    }
  }

  static let all: [VectorCase] =
    function(Rectifier(), within: 0) + operation(Sum.self) + operation(Difference.self)
    + operation(Product.self) + copies + products
    + PoolingCase.all.flatMap { pools($0, channels: 21) }
    + PoolingCase.all.prefix(3).flatMap { pools($0, channels: 300) }
    + BackwardRule.allCases.flatMap { rule in
      cases("\(rule)") { x, dx, accumulates, shape in
        [
          RectifierPullback(
            outputCotangent: x(shape.batched(3), 1), output: x(shape.batched(3), 2),
            inputCotangent: dx, rule: rule, accumulates: accumulates)
        ]
      }
    }
    + cases("mean", within: fused, accumulates: [false], target: { [3, 1, 1, $0[3]] }) {
      x, y, _, shape in
      [SpatialMean(input: x(shape.batched(3), 1), output: y, layout: .channelsLast)]
    }
    + cases("mean's pullback", within: fused) { x, dx, accumulates, shape in
      [
        SpatialMeanPullback(
          outputCotangent: x([3, 1, 1, shape[3]], 1), inputCotangent: dx,
          accumulates: accumulates, layout: .channelsLast)
      ]
    }
    + cases("channels", within: fused, accumulates: [false]) { x, y, _, shape in
      [
        ChannelAffine(
          input: x(shape.batched(3), 1), scale: x([shape[3]], 2), shift: x([shape[3]], 3),
          output: y, order: Array(0..<shape[3]), layout: .channelsLast)
      ]
    }
    + cases("channels' pullback", within: fused) { x, dx, accumulates, shape in
      [
        ChannelAffinePullback(
          outputCotangent: x(shape.batched(3), 1), scale: x([shape[3]], 2), inputCotangent: dx,
          order: Array(0..<shape[3]), accumulates: accumulates, layout: .channelsLast)
      ]
    }
}

@Suite struct VectorKernelTests {
  @Test(arguments: VectorCase.all)
  func `the fast engine agrees with the portable kernel`(on it: VectorCase) {
    #expect(it.agrees)
  }

  @Test(arguments: VectorCase.all)
  func `neither threads nor other items change a bit`(on it: VectorCase) {
    for engine in Engine.available where engine != .portable {
      let bench = KernelBench()
      let (kernels, result) = it.make(bench, 0..<3)
      #expect(kernels.allSatisfy { bench.isAccelerated($0, on: engine) })
      let all = bench.run(kernels, reading: result, on: engine)
      #expect(it.run(on: engine, threads: 2).bits == all.bits)
      guard all.shape[0] == 3 else { continue }
      #expect(it.run(items: 2..<3, on: engine).bits == all.item(2).bits)
    }
  }

  @Test func `plain vectors compute the same`() async {
    await #expect(processExitsWith: .success) {
      tm_isa_limit(TM_ISA_PLAIN)
      exit(VectorCase.all.allSatisfy(\.agrees) ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  @Test func `vectors of eight compute the same`() async {
    await #expect(processExitsWith: .success) {
      tm_isa_limit(TM_ISA_AVX2)
      exit(VectorCase.all.allSatisfy(\.agrees) ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  @Test func `a copy that meets elements twice is left to the portable kernel`() {
    for engine in Engine.available {
      let bench = KernelBench()
      let copy = StridedCopy(
        from: .init(bench.slot([4, 8])), to: .init(bench.slot([8]), strides: [0, 1]),
        extents: [4, 8], accumulates: true)
      #expect(!bench.isAccelerated(copy, on: engine))
    }
  }
}
