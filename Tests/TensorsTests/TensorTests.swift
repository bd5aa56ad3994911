import Tensors
import Testing

struct TensorTests {
  @Test func `a copy does not see what the original becomes`() {
    var original = Tensor([1, 2, 3], shape: [3])
    let copy = original
    original[0] = 9
    #expect(copy.scalars == [1, 2, 3])
    #expect(original.scalars == [9, 2, 3])
  }

  @Test func `items taken apart and put together again are the batch`() {
    let batch = Tensor((0..<24).map(Float.init), shape: [4, 2, 3])
    let parts = (0..<4).map { batch.item($0) }
    #expect(parts.allSatisfy { $0.shape == [1, 2, 3] })
    #expect(Tensor.concatenating(parts) == batch)
    #expect(batch.items(1..<3).scalars == (6..<18).map(Float.init))
  }

  @Test func `padding a batch repeats its last item`() {
    let batch = Tensor([1, 2, 3, 4], shape: [2, 2])
    #expect(batch.padded(toBatch: 4).scalars == [1, 2, 3, 4, 3, 4, 3, 4])
    #expect(batch.padded(toBatch: 2) == batch)
  }

  @Test func `another shape keeps the order of the scalars`() {
    let tensor = Tensor((0..<6).map(Float.init), shape: [2, 3])
    #expect(tensor.reshaped(to: [3, 2]).scalars == tensor.scalars)
  }

  @Test func `sums and products are taken in double precision`() {
    // In single precision the ones would vanish beside 1e8.
    let tensor = Tensor([1e8] + [Float](repeating: 1, count: 100) + [-1e8], shape: [102])
    #expect(tensor.sum == 100)
    #expect(tensor.dot(Tensor(repeating: 1, shape: [102])) == 100)
  }

  @Test func `the largest magnitude of anything with NaN is NaN`() {
    #expect(Tensor([1, -3, 2], shape: [3]).largestMagnitude == 3)
    #expect(Tensor([1, .nan, 2], shape: [3]).largestMagnitude.isNaN)
    #expect(!Tensor([1, .infinity], shape: [2]).isFinite)
  }

  @Test func `a wrong number of scalars traps`() async {
    await #expect(processExitsWith: .failure) { _ = Tensor([1, 2, 3], shape: [2, 2]) }
  }

  @Test func `memory is aligned to a cache line`() {
    Tensor(zeros: [3]).withScalars { scalars in
      #expect(UInt(bitPattern: scalars.baseAddress) % 64 == 0)
    }
  }
}
