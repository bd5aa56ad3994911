import Tensors
import Testing

@testable import Kernels

@Suite struct BatchedMatrixProductTests {
  /// Leading extents of both factors and of the target.
  static let leading: [([Int], [Int], [Int])] = [
    ([], [], []), ([3], [3], [3]), ([3], [1], [3]), ([1, 2], [3, 1], [3, 2]),
    ([3, 2], [3, 2], [1, 2]), ([2, 3], [2, 1], [1, 1]),
  ]

  @Test(arguments: leading, 0..<8)
  func `each element is a sum of products`(_ leading: ([Int], [Int], [Int]), flips: Int) {
    let (rows, depth, columns) = (5, 40, 9)
    let (flipsFirst, flipsSecond, flipsTarget) = (flips & 1 == 1, flips & 2 == 2, flips & 4 == 4)
    func shape(_ leading: [Int], _ rows: Int, _ columns: Int, _ isFlipped: Bool) -> Shape {
      Shape(leading + (isFlipped ? [columns, rows] : [rows, columns]))
    }
    let a = Tensor.random(shape(leading.0, rows, depth, flipsFirst))
    let b = Tensor.random(shape(leading.1, depth, columns, flipsSecond), seed: 2)
    let target = shape(leading.2, rows, columns, flipsTarget)
    let begin = Tensor.random(target, seed: 3)

    // Where the matrix of a place begins, and the element in it.
    func matrix(_ leading: [Int], _ place: [Int], _ size: Int) -> Int {
      zip(leading, place).reduce(0) { $0 * $1.0 + ($1.0 == 1 ? 0 : $1.1) } * size
    }
    func element(_ row: Int, _ column: Int, of size: (Int, Int), _ isFlipped: Bool) -> Int {
      isFlipped ? column * size.0 + row : row * size.1 + column
    }
    var expected = [Double](repeating: 0, count: target.count)
    let box = leading.0.indices.map { max(leading.0[$0], leading.1[$0]) }
    for index in 0..<box.reduce(1, *) {
      let place = Shape(box).strides.enumerated().map { index / $1 % box[$0] }
      for row in 0..<rows {
        for column in 0..<columns {
          let at =
            matrix(leading.2, place, rows * columns)
            + element(row, column, of: (rows, columns), flipsTarget)
          for k in 0..<depth {
            let x = a[
              matrix(leading.0, place, rows * depth)
                + element(row, k, of: (rows, depth), flipsFirst)]
            let y = b[
              matrix(leading.1, place, depth * columns)
                + element(k, column, of: (depth, columns), flipsSecond)]
            expected[at] += Double(x) * Double(y)
          }
        }
      }
    }
    for (engine, accumulates) in Engine.available.flatMap({ [($0, false), ($0, true)] }) {
      let bench = KernelBench()
      let c = accumulates ? bench.slot(begin) : bench.slot(target)
      let found = bench.run(
        BatchedMatrixProduct(
          first: .init(bench.slot(a), isTransposed: flipsFirst),
          second: .init(bench.slot(b), isTransposed: flipsSecond), target: c,
          isTransposed: flipsTarget, accumulates: accumulates), reading: c,
        on: engine, threads: 2)
      for at in 0..<target.count {
        let sum = expected[at] + (accumulates ? Double(begin[at]) : 0)
        // At most 240 products below 1.
        #expect(abs(Double(found[at]) - sum) < 2e-5)
      }
    }
  }

  @Test(arguments: [true, false])
  func `neither threads nor other products change a bit`(isTransposed: Bool) {
    // Enough to be split.
    let (a, b) = (Tensor.random([11, 90, 70]), Tensor.random([11, 70, 83], seed: 2))
    func product(_ items: Range<Int>, threads: Int, on engine: Engine) -> Tensor {
      let bench = KernelBench()
      let c = bench.slot([items.count, 90, 83])
      let x = a.items(items)
      return bench.run(
        BatchedMatrixProduct(
          first: .init(
            bench.slot(isTransposed ? x.reshaped(to: [items.count, 70, 90]) : x),
            isTransposed: isTransposed), second: .init(bench.slot(b.items(items))), target: c),
        reading: c, on: engine, threads: threads)
    }
    for engine in Engine.available {
      let all = product(0..<11, threads: 2, on: engine)
      #expect(product(0..<11, threads: 1, on: engine).bits == all.bits)
      #expect(product(7..<8, threads: 2, on: engine).bits == all.item(7).bits)
    }
  }
}
