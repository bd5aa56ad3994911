import Tensors
import Testing

struct ShapeTests {
  @Test func `strides of a row-major array`() {
    #expect(Shape([2, 3, 4]).strides == [12, 4, 1])
    #expect(Shape([]).strides == [])
    #expect(Shape([]).count == 1)
  }

  @Test(arguments: [
    ([3, 1], [1, 4], [3, 4]), ([5], [2, 5], [2, 5]), ([], [2, 2], [2, 2]),
    ([1, 3, 1, 1], [8, 3, 2, 2], [8, 3, 2, 2]), ([0], [1], [0]),
  ]) func `broadcasting follows NumPy`(_ a: [Int], _ b: [Int], _ expected: [Int]) {
    #expect(Shape(a).broadcast(with: Shape(b)) == Shape(expected))
    #expect(Shape(b).broadcast(with: Shape(a)) == Shape(expected))
  }

  @Test func `shapes that do not fit are not broadcast`() {
    #expect(Shape([2, 3]).broadcast(with: [2, 4]) == nil)
  }

  @Test(arguments: [[-1], [2, -3], [Int.max, 2], [0, Int.max, 2], [1 << 31, 1 << 31, 4]])
  func `negative and overflowing extents are refused`(_ extents: [Int]) {
    #expect(Shape(validating: extents) == nil)
  }
}
