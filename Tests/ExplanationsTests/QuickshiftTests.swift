import Foundation
import Networks
import Tensors
import TestSupport
import Testing

@testable import Explanations

/// Superpixels by quickshift, against scikit-image and against the definition.
struct QuickshiftTests {
  static let golden: [(name: String, method: Quickshift)] = [
    ("published", Quickshift(kernel: 8, distance: 10, ratio: 0.1)),
    ("far", Quickshift(kernel: 3, distance: 200, ratio: 0.5)),
    ("fine", Quickshift(kernel: 2.5, distance: 6, ratio: 0.7)),
    ("lime", Quickshift()),
    ("narrow", Quickshift(kernel: 3, distance: 10, ratio: 0.5)),
  ]

  private func stored(_ name: String) throws -> Tensor {
    let file = Bundle.module.url(forResource: "Golden", withExtension: nil)?
      .appendingPathComponent("quickshift/\(name).npy")
    return try NPY.read(try #require(file?.path))
  }

  @Test(arguments: golden.indices)
  func `regions are those of scikit-image`(_ index: Int) throws {
    let (name, method) = Self.golden[index]
    let input = try stored("\(name).input")
    let labels = try stored("\(name).labels")
    let expected = Regions(
      labels: labels.scalars.map { Int($0) }, width: labels.shape[1], height: labels.shape[0])
    #expect(method.regions(of: input) == expected)
  }

  @Test func `densities are in the order of their sums in double precision`() throws {
    // Colours that are rounded to few levels make densities that are nearly equal.
    var random = TestRandom(3)
    let (width, height, kernel) = (19, 11, 1.5)
    let colors = (0..<width * height).map { _ in
      let levels = (Int.random(in: 0...3, using: &random), Int.random(in: 0...1, using: &random))
      return SIMD3(Double(levels.0), Double(levels.1), 0)
    }
    func sum(_ place: Int) -> Double {
      colors.indices.reduce(0) { sum, there in
        let (x, y) = (there % width - place % width, there / width - place / width)
        guard abs(x) <= 5, abs(y) <= 5 else { return sum }
        let color = colors[place] - colors[there]
        let square = (color * color).sum() + Double(x * x + y * y)
        return sum + exp(-square / (2 * kernel * kernel))
      }
    }
    var density = QuickshiftDensity(colors, width: width, height: height, kernel: kernel)
    let sums = colors.indices.map(sum)
    for (a, b) in zip(colors.indices, colors.indices.shuffled(using: &random)) where a != b {
      // Sums in another order differ by rounding.
      guard (sums[a] - sums[b]).magnitude > 1e-12 * sums[a] else { continue }
      #expect(density.isHigher(a, than: b) == (sums[a] > sums[b]))
      #expect(density.isHigher(b, than: a) == (sums[a] < sums[b]))
    }
  }

  @Test(arguments: [1, 3], [Quickshift(), Quickshift(kernel: 1, distance: 2, ratio: 1)])
  func `any picture can be cut, always alike`(channels: Int, method: Quickshift) {
    var random = TestRandom(UInt64(channels))
    for (height, width) in [(1, 1), (1, 9), (8, 8), (33, 20)] {
      let input = random.tensor([1, channels, height, width], in: -1...2)
      let regions = method.regions(of: input)
      #expect((1...width * height).contains(regions.count))
      #expect(regions == method.regions(of: input))
    }
  }

  @Test func `gray is the colour whose parts are equal`() {
    var random = TestRandom(4)
    let gray = random.tensor([1, 1, 24, 17], in: 0...1)
    let color = Tensor((0..<3).flatMap { _ in gray.scalars }, shape: [1, 3, 24, 17])
    let method = Quickshift(kernel: 2, distance: 6, ratio: 0.5)
    #expect(method.regions(of: gray) == method.regions(of: color))
  }

  @Test(arguments: [1, 8, 9, 40])
  func `a picture of one colour has few regions, alike in each run`(side: Int) {
    // By symmetry many densities are equal, but for rounding.
    let input = Tensor(repeating: 0.3, shape: [1, 3, side, side])
    for method in [Quickshift(), Quickshift(kernel: 8, distance: 10, ratio: 0.1)] {
      let regions = method.regions(of: input)
      #expect((1...4).contains(regions.count))
      #expect(regions == method.regions(of: input))
    }
  }

  @Test(arguments: [
    Quickshift(kernel: 0.5), Quickshift(kernel: 17), Quickshift(kernel: .nan),
    Quickshift(distance: 0), Quickshift(ratio: -0.1), Quickshift(ratio: 1.5),
  ])
  func `constants out of range are refused`(_ method: Quickshift) {
    #expect(throws: ExplainerError.self) { try method.validate(for: "lime") }
  }

  @Test(arguments: ["lime", "kernel-shap", "feature-ablation"])
  func `methods of superpixels take these`(_ name: String) throws {
    let model = CompiledNetwork(try SmallNetworks.mixed())
    var random = TestRandom(21)
    let question = Question(.synthetic(random.tensor([1, 3, 16, 16], in: 0...1)), fact: 0)
    let entry = try #require(ExplainerCatalog.entry(named: name))
    let explanation = try entry.configured(
      MethodOptions([
        "segmentation": "quickshift", "quickshift.kernel": "2", "quickshift.distance": "6",
      ])
    ).explain(question, using: model)
    let regions = Quickshift(kernel: 2, distance: 6).regions(of: question.subject.input)
    #expect(explanation.diagnostics.values["regions"] == Double(regions.count))
    #expect(explanation.map.values.isFinite)
  }
}
