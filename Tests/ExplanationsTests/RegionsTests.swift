import Tensors
import TestSupport
import Testing

@testable import Explanations

@Suite struct RegionsTests {
  /// Every region is connected, and every position has one.
  private func expectConnected(_ regions: Regions) {
    var seen = [Bool](repeating: false, count: regions.labels.count)
    var parts = 0
    for start in regions.labels.indices where !seen[start] {
      parts += 1
      var open = [start]
      seen[start] = true
      while let place = open.popLast() {
        let (x, y) = (place % regions.width, place / regions.width)
        for (there, isInside) in [
          (place - 1, x > 0), (place + 1, x + 1 < regions.width), (place - regions.width, y > 0),
          (place + regions.width, y + 1 < regions.height),
        ] where isInside && !seen[there] && regions.labels[there] == regions.labels[start] {
          seen[there] = true
          open.append(there)
        }
      }
    }
    #expect(parts == regions.count)
    #expect(Set(regions.labels) == Set(0..<regions.count))
  }

  @Test func `superpixels follow an edge`() {
    // The left two fifths are red, the rest is green.
    let (width, height) = (40, 30)
    let input = Tensor(
      (0..<3 * width * height).map { index in
        let isLeft = index % width < 16
        return index / (width * height) == (isLeft ? 0 : 1) ? 0.8 : 0.1
      }, shape: [1, 3, height, width])
    let regions = SLIC(regions: 12).regions(of: input)
    #expect((6...24).contains(regions.count))
    expectConnected(regions)
    for y in 0..<height {
      #expect(regions.labels[y * width + 15] != regions.labels[y * width + 16])
    }
  }

  @Test(arguments: [1, 2, 7, 50, 4096], [1, 3])
  func `any picture can be cut`(count: Int, channels: Int) {
    var random = TestRandom(UInt64(count))
    for (height, width) in [(1, 1), (1, 9), (8, 8), (33, 20)] {
      let input = random.tensor([1, channels, height, width], in: -1...2)
      let regions = SLIC(regions: count).regions(of: input)
      expectConnected(regions)
      #expect(regions == SLIC(regions: count).regions(of: input))
      let grid = Regions.grid(width: width, height: height, count: count)
      expectConnected(grid)
    }
  }

  @Test func `a grid has equal fields`() {
    let grid = Regions.grid(width: 6, height: 4, count: 4)
    #expect(
      grid.labels == [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 2, 2, 2, 3, 3, 3])
  }
}
