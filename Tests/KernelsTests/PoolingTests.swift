import Kernels
import Tensors
import Testing

@testable import Kernels

/// A window over planes of a size that need not divide.
struct PoolingCase: CustomStringConvertible, Sendable {
  let description: String
  let window: Window
  let roundsUp: Bool
  let extents: (height: Int, width: Int)

  init?(
    _ description: String, rows: Window.Axis?, columns: Window.Axis?, height: Int, width: Int,
    roundsUp: Bool = false
  ) {
    guard let rows, let columns else { return nil }
    self.description = description
    window = Window(rows: rows, columns: columns)
    self.roundsUp = roundsUp
    extents = (height, width)
  }

  var inputShape: Shape { [2, 3, extents.height, extents.width] }
  var outputShape: Shape {
    [
      2, 3, window.rows.outputs(for: extents.height, roundingUp: roundsUp) ?? 0,
      window.columns.outputs(for: extents.width, roundingUp: roundsUp) ?? 0,
    ]
  }

  /// For each output the positions it sees in its plane, and how many taps lie in the padded plane.
  var windows: [(seen: [Int], padded: Int)] {
    (0..<outputShape[2]).flatMap { y in
      (0..<outputShape[3]).map { x in
        var seen: [Int] = []
        var padded = 0
        for i in 0..<window.rows.taps {
          for j in 0..<window.columns.taps {
            let row = y * window.rows.stride + i * window.rows.dilation - window.rows.before
            let column =
              x * window.columns.stride + j * window.columns.dilation - window.columns.before
            if row < extents.height + window.rows.after
              && column < extents.width + window.columns.after
            {
              padded += 1
            }
            if (0..<extents.height).contains(row) && (0..<extents.width).contains(column) {
              seen.append(row * extents.width + column)
            }
          }
        }
        return (seen, padded)
      }
    }
  }

  static let all: [PoolingCase] = [
    .init(
      "2x2", rows: .init(taps: 2, stride: 2), columns: .init(taps: 2, stride: 2), height: 6,
      width: 8),
    .init(
      "3x3 with stride 2", rows: .init(taps: 3, stride: 2, before: 1, after: 1),
      columns: .init(taps: 3, stride: 2, before: 1, after: 1), height: 9, width: 10),
    .init(
      "3x3 rounding up", rows: .init(taps: 3, stride: 2), columns: .init(taps: 3, stride: 2),
      height: 8, width: 11, roundsUp: true),
    .init(
      "rounding up into padding", rows: .init(taps: 3, stride: 2, before: 1, after: 1),
      columns: .init(taps: 2, stride: 3, before: 1, after: 0), height: 7, width: 6, roundsUp: true),
    .init(
      "dilation", rows: .init(taps: 3, dilation: 2, before: 2, after: 2),
      columns: .init(taps: 2, stride: 2, dilation: 3, before: 1, after: 2), height: 7, width: 9),
    .init(
      "stride beyond the window", rows: .init(taps: 1, stride: 3),
      columns: .init(taps: 2, stride: 4), height: 8, width: 11),
    .init(
      "one pixel", rows: .init(taps: 3, before: 1, after: 1),
      columns: .init(taps: 3, before: 1, after: 1), height: 1, width: 1),
  ].compactMap(\.self)
}

@Suite struct PoolingTests {
  private func maximum(_ it: PoolingCase, _ x: Tensor) -> Tensor {
    let bench = KernelBench()
    let y = bench.slot(it.outputShape)
    let winners = bench.slot(it.outputShape, element: .int32)
    return bench.run(
      MaxPooling(input: bench.slot(x), output: y, winners: winners, window: it.window), reading: y)
  }

  private func average(_ it: PoolingCase, _ x: Tensor, _ divisor: AverageDivisor) -> Tensor {
    let bench = KernelBench()
    let y = bench.slot(it.outputShape)
    return bench.run(
      AveragePooling(input: bench.slot(x), output: y, window: it.window, divisor: divisor),
      reading: y)
  }

  /// What `value` makes of the elements under each window of each plane.
  private func naive(
    _ it: PoolingCase, _ x: Tensor, _ value: (_ seen: [Float], _ padded: Int) -> Float
  ) -> Tensor {
    let plane = it.extents.height * it.extents.width
    return Tensor(
      (0..<6).flatMap { index in
        it.windows.map { window in
          value(window.seen.map { x[index * plane + $0] }, window.padded)
        }
      }, shape: it.outputShape)
  }

  @Test(arguments: PoolingCase.all)
  func `a maximum is the largest element under the window`(of it: PoolingCase) {
    let x = Tensor.random(it.inputShape)
    #expect(maximum(it, x) == naive(it, x) { seen, _ in seen.max() ?? -.infinity })
  }

  @Test(arguments: PoolingCase.all)
  func `a maximum's cotangent goes to the first winner`(of it: PoolingCase) {
    // Few distinct values, so that there are ties.
    let x = Tensor.random(it.inputShape).map { ($0 * 2).rounded() }
    let dy = Tensor.random(it.outputShape, seed: 2)
    let start = Tensor.random(it.inputShape, seed: 3)
    var expected = start
    let plane = it.extents.height * it.extents.width
    for index in 0..<6 {
      for (position, window) in it.windows.enumerated() {
        var winner: Int?
        for at in window.seen
        where winner.map({ x[index * plane + at] > x[index * plane + $0] }) ?? true {
          winner = at
        }
        guard let winner else { continue }
        expected[index * plane + winner] += dy[index * it.windows.count + position]
      }
    }
    for accumulates in [true, false] {
      let bench = KernelBench()
      let (y, winners) = (
        bench.slot(it.outputShape), bench.slot(it.outputShape, element: .int32)
      )
      let dx = bench.slot(start)
      let found = bench.run(
        MaxPooling(input: bench.slot(x), output: y, winners: winners, window: it.window),
        MaxPoolingPullback(
          outputCotangent: bench.slot(dy), winners: winners, inputCotangent: dx,
          window: it.window, accumulates: accumulates), reading: dx)
      let difference = accumulates ? found - expected : found + start - expected
      #expect(difference.largestMagnitude < Tolerance.reordered)
    }
  }

  @Test func `a maximum over a NaN is NaN`() throws {
    let it = try #require(PoolingCase.all.first)
    var x = Tensor.random(it.inputShape)
    x[0] = .nan
    x[9] = .infinity
    #expect(maximum(it, x)[0].isNaN)
  }

  @Test(arguments: PoolingCase.all, [AverageDivisor.inside, .padded])
  func `a mean divides by what its divisor counts`(of it: PoolingCase, divisor: AverageDivisor) {
    let x = Tensor.random(it.inputShape)
    let expected = naive(it, x) { seen, padded in
      Float(seen.reduce(0.0) { $0 + Double($1) })
        / Float(divisor == .inside ? seen.count : padded)
    }
    #expect(average(it, x, divisor).relativeDifference(from: expected) < Tolerance.reordered)
  }

  @Test(arguments: PoolingCase.all, [AverageDivisor.inside, .padded])
  func `a mean's pullback is its adjoint`(of it: PoolingCase, divisor: AverageDivisor) {
    let (x, dy) = (Tensor.random(it.inputShape), Tensor.random(it.outputShape, seed: 2))
    let start = Tensor.random(it.inputShape, seed: 3)
    for begin in [nil, start] {
      let bench = KernelBench()
      let dx = begin.map(bench.slot) ?? bench.slot(it.inputShape)
      let found = bench.run(
        AveragePoolingPullback(
          outputCotangent: bench.slot(dy), inputCotangent: dx, window: it.window,
          divisor: divisor, accumulates: begin != nil), reading: dx)
      let back = (found - (begin ?? Tensor(zeros: it.inputShape))).dot(x)
      let forth = dy.dot(average(it, x, divisor))
      #expect(abs(back - forth) < Double(Tolerance.reordered) * 10)
    }
  }
}
