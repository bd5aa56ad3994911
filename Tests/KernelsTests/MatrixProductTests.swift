import Kernels
import Tensors
import Testing

@testable import Kernels

@Suite struct MatrixProductTests {
  private func product(
    _ x: Tensor, _ w: Tensor, bias: Tensor? = nil, addingTo start: Tensor? = nil, transposed: Bool,
    on engine: Engine = .portable, threads: Int = 1
  ) -> Tensor {
    let bench = KernelBench()
    let columns = w.shape[transposed ? 0 : 1]
    let y = start.map(bench.slot) ?? bench.slot(Shape(x.shape.extents.dropLast() + [columns]))
    return bench.run(
      MatrixProduct(
        input: bench.slot(x), weights: bench.parameter(w), bias: bias.map(bench.parameter),
        output: y, transposed: transposed, accumulates: start != nil), reading: y, on: engine,
      threads: threads)
  }

  @Test(arguments: [1, 2, 3, 4, 5, 9, 19], [true, false])
  func `each element is the product of a row and a column`(rows: Int, transposed: Bool) {
    for (depth, columns) in [(1, 1), (7, 5), (33, 8), (16, 17), (50, 25), (1100, 3), (9, 600)] {
      let x = Tensor.random([rows, depth], seed: 1)
      let w = Tensor.random(transposed ? [columns, depth] : [depth, columns], seed: 2)
      let bias = Tensor.random([columns], seed: 3)
      let start = Tensor.random([rows, columns], seed: 4)
      let expected = Tensor(
        (0..<rows * columns).map { at in
          let (row, column) = (at / columns, at % columns)
          let terms = (0..<depth).map { k in
            Double(x[row * depth + k])
              * Double(w[transposed ? column * depth + k : k * columns + column])
          }
          return Float(terms.reduce(Double(bias[column]), +))
        }, shape: [rows, columns])
      for engine in Engine.available {
        let found = product(x, w, bias: bias, transposed: transposed, on: engine)
        #expect(found.relativeDifference(from: expected) < Tolerance.reordered)
        let sum = product(
          x, w, bias: bias, addingTo: start, transposed: transposed, on: engine)
        #expect(sum.relativeDifference(from: expected + start) < Tolerance.reordered)
      }
    }
  }

  @Test(arguments: Engine.available, [true, false])
  func `a row's bits depend on neither the other rows nor the threads`(
    engine: Engine, transposed: Bool
  ) {
    // Wide enough to be worth splitting, were it split; deep enough for sums to tell.
    let (depth, columns) = (2048, 64)
    let x = Tensor.random([8, depth], seed: 1)
    let w = Tensor.random(transposed ? [columns, depth] : [depth, columns], seed: 2)
    let bias = Tensor.random([columns], seed: 3)
    let start = Tensor.random([8, columns], seed: 4)
    func firstRow(rows: Int, threads: Int, addingTo start: Tensor?) -> [UInt32] {
      product(
        x.items(0..<rows), w, bias: bias, addingTo: start?.items(0..<rows),
        transposed: transposed, on: engine, threads: threads
      ).item(0).bits
    }
    for start in [nil, start] {
      let expected = firstRow(rows: 1, threads: 1, addingTo: start)
      for rows in [1, 4, 8] {
        #expect(firstRow(rows: rows, threads: 2, addingTo: start) == expected)
      }
      #expect(firstRow(rows: 8, threads: 1, addingTo: start) == expected)
    }
  }

  @Test(arguments: [1, 2, 5], [1, 7, 8, 21, 64])
  func `terms that are zero in all rows change no bit`(rows: Int, depth: Int) {
    let columns = 600
    let w = Tensor.random([depth, columns], seed: 2)
    let bias = Tensor.random([columns], seed: 3)
    for kept in [0, 1, 3, depth] {
      let dense = Tensor.random([rows, depth], seed: 1)
      let x = Tensor(
        (0..<rows * depth).map { ($0 % depth * 5) % depth < kept ? dense[$0] : 0 },
        shape: [rows, depth])
      // A last row without zeros has every term read, and leaves the others as they are.
      let mates = Tensor(
        (0..<rows * depth).map { x[$0] } + (0..<depth).map { dense[$0] + 2 },
        shape: [rows + 1, depth])
      for engine in Engine.available {
        let alone = product(x, w, bias: bias, transposed: false, on: engine)
        let together = product(mates, w, bias: bias, transposed: false, on: engine)
        #expect(alone.bits == together.items(0..<rows).bits)
        let portable = product(x, w, bias: bias, transposed: false)
        #expect(alone.relativeDifference(from: portable) < Tolerance.reordered)
      }
    }
  }

  @Test(arguments: [1, 31, 32, 49], [true, false])
  func `items of many rows are multiplied one by one`(rows: Int, transposed: Bool) {
    let (depth, columns) = (40, 24)
    let x = Tensor.random([3, rows, depth], seed: 1)
    let w = Tensor.random(transposed ? [columns, depth] : [depth, columns], seed: 2)
    let bias = Tensor.random([columns], seed: 3)
    let start = Tensor.random([3, rows, columns], seed: 4)
    let expected = product(x, w, bias: bias, addingTo: start, transposed: transposed)
    for engine in Engine.available {
      let found = product(
        x, w, bias: bias, addingTo: start, transposed: transposed, on: engine, threads: 2)
      #expect(found.relativeDifference(from: expected) < Tolerance.reordered)
      for item in 0..<3 {
        let alone = product(
          x.items(item..<item + 1), w, bias: bias, addingTo: start.items(item..<item + 1),
          transposed: transposed, on: engine)
        #expect(alone.bits == found.item(item).bits)
      }
    }
  }
}
