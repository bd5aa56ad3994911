import Imaging
import Testing

@testable import Rendering

struct GuidedFilterTests {
  private let size = PixelSize(width: 24, height: 16)

  private func image(_ value: (Int, Int) -> Float) -> Image<Float> {
    Image(
      size: size, layout: .gray,
      samples: (0..<size.area).map { value($0 % size.width, $0 / size.width) })
  }

  private func filtered(_ map: Image<Float>, _ guide: Image<Float>, radius: Int) -> Image<Float> {
    let filter = GuidedFilter(fitting: map, to: guide, radius: radius, slack: 1e-6)
    return filter.slope.combined(with: guide) { $0 * $1 }.combined(with: filter.offset) { $0 + $1 }
  }

  @Test(arguments: [1, 3, 40])
  func `a box mean is the mean of the pixels within reach`(radius: Int) {
    var random = Numbers()
    let picture = image { _, _ in Float.random(in: 0...1, using: &random) }
    let means = picture.boxMean(radius: radius)
    for y in 0..<size.height {
      for x in 0..<size.width {
        var (sum, count) = (0.0, 0)
        for row in max(0, y - radius)...min(size.height - 1, y + radius) {
          for column in max(0, x - radius)...min(size.width - 1, x + radius) {
            sum += Double(picture[column, row])
            count += 1
          }
        }
        #expect(abs(Double(means[x, y]) - sum / Double(count)) < 1e-5)
      }
    }
  }

  @Test func `a map that is a line of brightness stays as it is`() {
    var random = Numbers()
    let guide = image { _, _ in Float.random(in: 0...1, using: &random) }
    let map = guide.mapped { 3 * $0 - 1 }
    let result = filtered(map, guide, radius: 3)
    for (found, expected) in zip(result.samples, map.samples) {
      #expect(abs(found - expected) < 0.01)
    }
  }

  @Test func `a soft step becomes as sharp as the guide's`() {
    let guide = image { x, _ in x < 12 ? 0.2 : 0.8 }
    let soft = image { x, _ in min(max((Float(x) - 8) / 8, 0), 1) }
    let result = filtered(soft, guide, radius: 4)
    let softStep = soft[12, 8] - soft[11, 8]
    #expect(result[12, 8] - result[11, 8] > 3 * softStep)
  }

  @Test func `without edges the guide has no say`() {
    let guide = image { _, _ in 0.5 }
    let map = image { x, _ in Float(x) }
    let result = filtered(map, guide, radius: 2)
    // The mean of means along a slope is the value itself, away from the border.
    for x in 6..<18 { #expect(abs(result[x, 8] - Float(x)) < 1e-3) }
  }
}
