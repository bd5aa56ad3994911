import Kernels
import Tensors
import Testing

@testable import Kernels

@Suite struct StridedCopyTests {
  private func copy(
    _ x: Tensor, to start: Tensor, extents: [Int], from source: (offset: Int, strides: [Int]),
    to target: (offset: Int, strides: [Int]), accumulates: Bool = false
  ) -> Tensor {
    let bench = KernelBench()
    let y = bench.slot(start)
    return bench.run(
      StridedCopy(
        from: .init(bench.slot(x), offset: source.offset, strides: source.strides),
        to: .init(y, offset: target.offset, strides: target.strides), extents: extents,
        accumulates: accumulates, keepsRest: true), reading: y)
  }

  @Test func `a transpose exchanges the axes`() {
    let x = Tensor.random([3, 5])
    let y = copy(
      x, to: Tensor(zeros: [5, 3]), extents: [3, 5], from: (0, [5, 1]), to: (0, [1, 3]))
    for row in 0..<3 {
      for column in 0..<5 { #expect(y[column * 3 + row] == x[row * 5 + column]) }
    }
  }

  @Test(arguments: [1, 2, 3, 4])
  func `a box in any rank lands where its strides say, and nothing else changes`(rank: Int) {
    let extents = Array([2, 3, 2, 4].suffix(rank))
    let shape = Shape(extents.map { $0 + 2 })
    let box = Shape(extents)
    let (x, start) = (Tensor.random(box), Tensor.random(shape, seed: 2))
    // One element in from every side.
    let offset = shape.strides.reduce(0, +)
    for accumulates in [true, false] {
      var expected = start
      for position in 0..<box.count {
        let at = zip(zip(box.strides, extents), shape.strides).reduce(offset) {
          $0 + position / $1.0.0 % $1.0.1 * $1.1
        }
        expected[at] = (accumulates ? start[at] : 0) + x[position]
      }
      let found = copy(
        x, to: start, extents: extents, from: (0, box.strides), to: (offset, shape.strides),
        accumulates: accumulates)
      #expect(found == expected)
    }
  }

  @Test func `negative steps walk backwards`() {
    let x = Tensor([0, 1, 2, 3, 4, 5, 6, 7], shape: [2, 4])
    // x[::-1, ::-2]
    let y = copy(
      x, to: Tensor(zeros: [2, 2]), extents: [2, 2], from: (7, [-4, -2]), to: (0, [2, 1]))
    #expect(y.scalars == [7, 5, 3, 1])
  }

  @Test func `a stride of zero repeats, and accumulating along it sums`() {
    let x = Tensor([1, 2, 3], shape: [3])
    let repeated = copy(
      x, to: Tensor(zeros: [2, 3]), extents: [2, 3], from: (0, [0, 1]), to: (0, [3, 1]))
    #expect(repeated.scalars == [1, 2, 3, 1, 2, 3])
    let summed = copy(
      repeated, to: Tensor(zeros: [3]), extents: [2, 3], from: (0, [3, 1]), to: (0, [0, 1]),
      accumulates: true)
    #expect(summed.scalars == [2, 4, 6])
  }

  @Test func `an empty box touches nothing, a scalar is one element`() {
    let start = Tensor([5, 6], shape: [2])
    let none = copy(
      Tensor([1], shape: [1]), to: start, extents: [0], from: (0, [1]), to: (0, [1]))
    #expect(none == start)
    let one = copy(Tensor([1], shape: []), to: start, extents: [], from: (0, []), to: (1, []))
    #expect(one.scalars == [5, 1])
  }

  @Test func `a walk that leaves its array traps`() async {
    await #expect(processExitsWith: .failure) {
      let operand = Operand(.slot(0), shape: [4])
      _ = StridedCopy(
        from: .init(operand, strides: [2]), to: .init(operand, strides: [1]), extents: [3])
    }
  }

  @Test func `a fill is the same everywhere`() {
    let bench = KernelBench()
    let y = bench.slot([3, 4])
    #expect(bench.run(Fill(y, with: 2.5), reading: y) == Tensor(repeating: 2.5, shape: [3, 4]))
  }
}
