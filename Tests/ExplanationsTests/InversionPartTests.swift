import Imaging
import Kernels
import Networks
import Tensors
import TestSupport
import Testing

@testable import Explanations

/// The parts of guided feature inversion: masks, their gradients, and what minimises.
struct InversionPartTests {
  /// A picture of the given size, for masks that only look at that.
  static func blank(_ height: Int, _ width: Int) -> Tensor { Tensor(zeros: [1, 1, height, width]) }

  static func doubles(_ count: Int, _ random: inout TestRandom) -> [Double] {
    (0..<count).map { _ in Double.random(in: 0.1...1, using: &random) }
  }

  static func dot(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }

  @Test func `an enlargement's adjoint is one`() {
    var random = TestRandom(1)
    for (rows, columns, height, width) in [
      (3, 4, 10, 9), (1, 1, 4, 5), (7, 7, 7, 7), (2, 5, 9, 31),
    ] {
      let enlargement = MaskEnlargement(rows: rows, columns: columns, height: height, width: width)
      let (coarse, fine) = (
        Self.doubles(rows * columns, &random), Self.doubles(height * width, &random)
      )
      let (there, back) = (
        Self.dot(enlargement(coarse), fine), Self.dot(coarse, enlargement.adjoint(fine))
      )
      #expect((there - back).magnitude < 1e-12 * there.magnitude)
    }
  }

  @Test func `masks are enlarged as maps are drawn`() {
    var random = TestRandom(2)
    let map = random.tensor([1, 3, 5], in: 0...1)
    let enlarged = MaskEnlargement(rows: 3, columns: 5, height: 11, width: 16)(
      map.scalars.map { Double($0) })
    let drawn = AttributionMap(map, sign: .magnitude).image.interpolated(
      to: PixelSize(width: 16, height: 11))
    for (a, b) in zip(enlarged, drawn.samples) { #expect((a - Double(b)).magnitude < 1e-6) }
  }

  @Test(arguments: [MaskModel.Form.scaledThenEnlarged, .enlargedThenScaled])
  func `a mask's gradient is that of central differences, and orthogonal to the weights`(
    _ form: MaskModel.Form
  ) throws {
    var random = TestRandom(3)
    let model = MaskModel(
      channels: random.tensor([1, 4, 3, 5], in: -0.5...1), form: form, over: Self.blank(8, 11))
    let weights = Self.doubles(4, &random)
    let slope = Self.doubles(88, &random)
    let mask = try #require(model.mask(weights))
    #expect(mask.values.allSatisfy { $0 >= 0 })
    let gradient = model.pullback(slope, at: mask)
    for index in 0..<4 {
      var (ahead, behind) = (weights, weights)
      ahead[index] += 1e-6
      behind[index] -= 1e-6
      let difference =
        Self.dot(try #require(model.mask(ahead)).values, slope)
        - Self.dot(try #require(model.mask(behind)).values, slope)
      #expect((difference / 2e-6 - gradient[index]).magnitude < 1e-5)
    }
    #expect(Self.dot(weights, gradient).magnitude < 1e-12)
    let scaled = try #require(model.mask(weights.map { 7 * $0 }))
    #expect(zip(scaled.values, mask.values).allSatisfy { ($0 - $1).magnitude < 1e-12 })
  }

  @Test func `of equal extremes, the first carries the slope`() throws {
    let scaling = try #require(MaskScaling([1, 0, 1, 0, 0.5], by: .range))
    #expect(scaling.values == [1, 0, 1, 0, 0.5])
    // m₄ = (r₄ − r₁) / (r₀ − r₁).
    #expect(scaling.pullback([0, 0, 0, 0, 1]) == [-0.5, -0.5, 0, 0, 1])
  }

  @Test func `maps without a range make no mask, and dead channels no difference`() throws {
    let dead = Tensor([1, 1, 1, 1, 0, 1, 2, 3], shape: [1, 2, 2, 2])
    let model = MaskModel(channels: dead, form: .scaledThenEnlarged, over: Self.blank(4, 4))
    #expect(model.deadChannels == 1)
    #expect(model.mask([1, 0]) == nil)
    #expect(model.mask([0, 0]) == nil)
    let mask = try #require(model.mask([0.3, 0.2]))
    #expect(model.pullback([Double](repeating: 1, count: 16), at: mask)[0].magnitude < 1e-12)
    // With one channel that lives, no weight changes the mask.
    #expect(model.pullback(mask.values, at: mask)[1].magnitude < 1e-12)
    #expect(MaskScaling([-2, -1], by: .maximum) == nil)
  }

  /// Three pixels, two channels, features that are the pixels: worked out on paper.
  @Test func `the inversion loss and its gradient are those of the example`() throws {
    let network = CompiledNetwork(try SmallNetworks.linear([[1, 1, 1]], bias: [0]))
    let input = Tensor(repeating: 1, shape: [1, 1, 1, 3])
    let loss = InversionLoss(
      scene: InversionScene(
        model: network, input: input, backgrounds: [Tensor(zeros: input.shape)]),
      question: Question(.synthetic(input), fact: 0), layer: "flat",
      features: input.reshaped(to: [1, 3]))
    let model = MaskModel(
      channels: Tensor([1, 0, 0, 0, 1, 0], shape: [1, 2, 1, 3]), form: .scaledThenEnlarged,
      over: input)
    let mask = try #require(model.mask([0.2, 0.1]))
    #expect(mask.values == [1, 0.5, 0])
    let (value, gradient) = loss.inversion(mask.values, relative: false)
    #expect(value == 1.25)
    let slopes = model.pullback(gradient, at: mask)
    #expect((slopes[0] - 2.5).magnitude < 1e-12)
    #expect((slopes[1] + 5).magnitude < 1e-12)
    #expect(loss.inversion([1, 1, 1], relative: true).value == 0)
    #expect((loss.inversion(mask.values, relative: true).value - 1.25 / 3).magnitude < 1e-12)
  }

  @Test func `both composites add up to picture and background, and share a pass`() throws {
    var random = TestRandom(4)
    let model = CompiledNetwork(try SmallNetworks.mixed())
    let input = random.tensor([1, 3, 16, 16], in: 0...1)
    let scene = InversionScene(
      model: model, input: input, backgrounds: [Baseline.mean, .blur].map { $0.tensor(for: input) })
    let mask = Self.doubles(256, &random)
    let (kept, removed) = (scene.composites(mask, .kept), scene.composites(mask, .removed))
    for index in 0..<2 {
      #expect(relativeError(kept[index] + removed[index], input + scene.backgrounds[index]) < 1e-6)
    }
    func loss(_ picture: Int, _ logits: Tensor) -> (value: Double, seed: Tensor) {
      (logits.dot(logits), Float(picture + 1) * logits)
    }
    let together = scene.slopes(of: kept + removed, at: .logits, loss)
    for (index, picture) in (kept + removed).enumerated() {
      let alone = scene.slopes(of: [picture], at: .logits) { loss(index, $1) }
      #expect(alone.values == [together.values[index]])
      #expect(alone.gradients == [together.gradients[index]])
    }
  }

  @Test func `losses of logits have the slopes of central differences`() throws {
    var random = TestRandom(5)
    let model = CompiledNetwork(try SmallNetworks.mixed())
    let input = random.tensor([1, 3, 16, 16], in: 0...1)
    let scene = InversionScene(
      model: model, input: input, backgrounds: [Tensor(zeros: input.shape)])
    for foil in [nil, 3] {
      let loss = InversionLoss(
        scene: scene, question: Question(.synthetic(input), fact: 1, foil: foil), layer: "relu2",
        features: Tensor(zeros: [1, 8, 4, 4]))
      let logits: [Float] = [0.5, -0.25, 1, 2, 0.125]
      for function in [loss.lead, loss.probability] {
        let slope = function(logits).slope
        for index in 0..<5 {
          var (ahead, behind) = (logits, logits)
          ahead[index] += 0.0078125
          behind[index] -= 0.0078125
          let difference = (function(ahead).value - function(behind).value) / 0.015625
          #expect((difference - slope[index]).magnitude < 1e-4)
        }
      }
      // Through the network: the direction of the gradient itself.
      let mask = Self.doubles(256, &random)
      let class1 = loss.ofLogits(mask) { side, logits in
        let (value, slope) = loss.lead(logits)
        return side == .kept ? (-value, slope.map { -$0 }) : (value, slope)
      }
      let size = Self.dot(class1.gradient, class1.gradient).squareRoot()
      func value(_ step: Double) -> Double {
        loss.ofLogits(zip(mask, class1.gradient).map { $0 + step * $1 / size }) { side, logits in
          let (value, slope) = loss.lead(logits)
          return (side == .kept ? -value : value, slope)
        }.value
      }
      #expect(((value(0.005) - value(-0.005)) / 0.01 - size).magnitude < 0.02 * size)
    }
  }

  @Test func `Adam's first step has the length of the rate`() {
    var values = [1.0, 1, 1]
    var adam = Adam(count: 3)
    adam.step(&values, against: [5, -0.001, 0], rate: 0.01)
    #expect((values[0] - 0.99).magnitude < 1e-8)
    #expect((values[1] - 1.01).magnitude < 1e-6)
    #expect(values[2] == 1)
    // Published behaviour of a penalty alone: Σ 5w² from 0.1, at a rate of 0.01.
    var weight = [0.1]
    adam = Adam(count: 1)
    for _ in 0..<10 { adam.step(&weight, against: [10 * weight[0]], rate: 0.01) }
    #expect((weight[0] - 0.0076).magnitude < 5e-5)
  }

  @Test func `mirror descent falls to the minimum, and stays in its domain`() throws {
    let target = [0.5, 0.3, 0.2]
    func square(_ weights: [Double]) -> MirrorDescent.Slope {
      let difference = zip(weights, target).map(-)
      return (1 + Self.dot(difference, difference), difference.map { 2 * $0 })
    }
    for domain in [MirrorDescent.Domain.simplex, .box] {
      let descent = MirrorDescent(domain: domain, rate: 0.3, tolerance: 1e-9, limit: 200)
      let start = domain == .simplex ? [0.1, 0.1, 0.8] : [0.9, 0.9, 0.9]
      let result = try #require(descent.minimum(from: start, square))
      #expect(result.hasConverged)
      #expect(zip(result.values, result.values.dropFirst()).allSatisfy { $0 >= $1 })
      for (weight, wanted) in zip(result.weights, target) {
        #expect((weight - wanted).magnitude < 1e-3)
      }
      // A function that is the same everywhere is at its minimum.
      let flat = try #require(descent.minimum(from: start) { _ in (1, [0, 0, 0]) })
      #expect(flat.hasConverged && flat.values.count == 1)
      #expect(descent.minimum(from: start) { _ in nil } == nil)
    }
  }
}
