import Tensors
import TestSupport
import Testing

@testable import Measures

struct LinearImputationTests {
  @Test func `a slope is continued through a hole`() {
    // Linear functions are means of their neighbours, and the hole lies within.
    let (width, height) = (20, 17)
    let input = Tensor(
      (0..<3 * width * height).map { index in
        let (x, y) = (index % width, index / width % height)
        return 0.02 * Float(x) + 0.01 * Float(y) * Float(index / (width * height))
      }, shape: [1, 3, height, width])
    let hole = (0..<width * height).filter {
      (3..<17).contains($0 % width) && (2..<15).contains($0 / width)
    }
    let picture = LinearImputation(of: input).picture(without: hole[...])
    #expect((picture - input).largestMagnitude < 1e-4)
    // Nothing is changed where nothing is missing.
    #expect(LinearImputation(of: input).picture(without: []) == input)
  }

  @Test(arguments: [1, 3, 6])
  func `guesses solve the equations`(_ channels: Int) {
    let (width, height) = (7, 5)
    var random = TestRandom(9)
    let input = random.tensor([1, channels, height, width], in: 0...1)
    var order = Array(0..<width * height)
    order.shuffle(using: &random)
    let missing = order.prefix(31)
    let picture = LinearImputation(of: input).picture(without: missing)
    for channel in 0..<channels {
      let start = channel * width * height
      for place in order {
        guard missing.contains(place) else {
          #expect(picture[start + place] == input[start + place])
          continue
        }
        var (sum, weights) = (0.0, 0.0)
        for (dx, dy) in [(-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, -1), (-1, 1), (1, 1)] {
          let (x, y) = (place % width + dx, place / width + dy)
          guard (0..<width).contains(x), (0..<height).contains(y) else { continue }
          let weight = dx == 0 || dy == 0 ? 1.0 / 6 : 1.0 / 12
          weights += weight
          sum += weight * Double(picture[start + y * width + x])
        }
        #expect((Double(picture[start + place]) - sum / weights).magnitude < 2e-5)
      }
    }
  }
}
