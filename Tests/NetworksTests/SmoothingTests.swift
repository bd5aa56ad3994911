import Foundation
import Kernels
import Tensors
import TestSupport
import Testing

@testable import Networks

/// Classifiers smoothed by noise, and their certificates.
struct SmoothingTests {
  private func input(_ values: [Float]) -> Tensor {
    Tensor(values, shape: [1, 1, 1, values.count])
  }

  /// Scores 1/2 xᵀ A x + w · x with a diagonal A, and 0.
  private func quadratic() throws -> CompiledNetwork {
    CompiledNetwork(
      try Network(
        input: "x", inputShape: [1, 1, 3],
        nodes: [
          .init("square", Multiply(), of: ["x", "x"]),
          .init("both", Concatenate(axis: 3), of: ["x", "square"]),
          .init("flat", Reshape(item: [6]), of: ["both"]),
          .init(
            "scores",
            try Dense(
              weights: Tensor(
                [1, -2, 3, 2, -1, 0.5] + [Float](repeating: 0, count: 6), shape: [2, 6]),
              bias: Tensor([0, 0], shape: [2]), transposed: true), of: ["flat"]),
        ], logits: "scores"))
  }

  @Test func `the gradient of a smoothed quadratic is the plain one`() throws {
    let model = try quadratic()
    let x = input([0.3, 0.6, 0.9])
    let plain = model.gradient(of: .logit(0), for: x)
    for samples in [2, 16, 64] {
      let smoothed = Smoothed(
        model, by: try Smoothing(deviation: 0.5, samples: samples), seed: 3)
      let found = smoothed.gradient(of: .logit(0), for: x)
      #expect((found.gradient - plain.gradient).largestMagnitude < 2e-5)
      // The value moves by half the trace of A times the noise's own variance.
      #expect(found.values[0] != plain.values[0])
    }
  }

  @Test func `a rectifier's smoothed slope is the normal distribution's`() throws {
    let model = CompiledNetwork(
      try Network(
        input: "x", inputShape: [1, 1, 1],
        nodes: [
          .init("relu", ReLU(), of: ["x"]),
          .init("flat", Reshape(item: [1]), of: ["relu"]),
          .init(
            "scores",
            try Dense(weights: Tensor([1, 0], shape: [2, 1]), transposed: true), of: ["flat"]),
        ], logits: "scores"))
    let smoothed = Smoothed(
      model, by: try Smoothing(deviation: 0.4, samples: 40_000), seed: 9)
    for (x, slope) in [(Float(0), 0.5), (0.4, 0.841344746), (-0.4, 0.158655254)] {
      let gradient = smoothed.gradient(of: .logit(0), for: input([x])).gradient
      #expect((Double(gradient[0]) - slope).magnitude < 0.01)
    }
    // Pairs make it exact where the rectifier bends.
    #expect(smoothed.gradient(of: .logit(0), for: input([0])).gradient[0] == 0.5)
  }

  @Test(arguments: Smoothing.Mean.allCases)
  func `the gradient is that of the averaged scores`(mean: Smoothing.Mean) throws {
    let model = try quadratic()
    let smoothed = Smoothed(
      model, by: try Smoothing(deviation: 0.3, samples: 12, mean: mean), seed: 4)
    let x = input([0.3, 0.6, 0.9])
    for objective in [Objective.logit(0), .margin(0, over: 1), .probability(1)] {
      let gradient = smoothed.gradient(of: objective, for: x).gradient
      for index in 0..<3 {
        func value(_ step: Float) -> Double {
          var moved = x
          moved.withMutableScalars { $0[index] += step }
          return Double(smoothed.values(of: objective, for: moved)[0])
        }
        let slope = (value(0.01) - value(-0.01)) / 0.02
        #expect((slope - Double(gradient[index])).magnitude < 2e-3 * max(1, slope.magnitude))
      }
    }
  }

  @Test func `mean probabilities are those of the copies`() throws {
    let model = try quadratic()
    let x = input([0.3, 0.6, 0.9])
    let smoothed = Smoothed(
      model, by: try Smoothing(deviation: 0.3, samples: 7, mean: .probabilities), seed: 4)
    let random = CounterRandom(seed: 4, stream: SmoothingStream.copies)
    var mean = 0.0
    for number in 0..<7 {
      var copy = x
      copy.add(
        random.normal(x.shape, sample: number / 2), scaledBy: number % 2 == 0 ? 0.3 : -0.3)
      mean += Double(model.prediction(for: copy).probabilities[0]) / 7
    }
    let prediction = smoothed.prediction(for: x)
    #expect((Double(prediction.probabilities[0]) - mean).magnitude < 1e-6)
    #expect((prediction.probabilities.reduce(0, +) - 1).magnitude < 1e-5)
  }

  @Test func `answers depend on neither passes nor threads`() throws {
    let network = try SmallNetworks.mixed()
    var random = TestRandom(8)
    let x = random.tensor([1, 3, 16, 16], in: 0...1)
    let smoothing = try Smoothing(deviation: 0.1, samples: 13)
    let model = CompiledNetwork(network)
    let whole = Smoothed(model, by: smoothing, seed: 1)
    let single = Smoothed(Singly(model: model), by: smoothing, seed: 1)
    let (a, b) = (
      whole.gradient(of: .logit(2), for: x), single.gradient(of: .logit(2), for: x)
    )
    #expect(a.values == b.values && a.gradient == b.gradient)
    #expect(whole.logits(for: x) == single.logits(for: x))
    let wide = ComputeThreads.withWidth(2) { whole.gradient(of: .logit(2), for: x) }
    #expect(wide.gradient == a.gradient)
    let other = Smoothed(model, by: smoothing, seed: 2)
    #expect(other.logits(for: x) != whole.logits(for: x))
  }

  @Test func `inner layers show the mean of the copies, by any of their names`() throws {
    let model = CompiledNetwork(try SmallNetworks.mixed())
    var random = TestRandom(8)
    let x = random.tensor([1, 3, 16, 16], in: 0...1)
    let smoothed = Smoothed(
      model, by: try Smoothing(deviation: 0.1, samples: 6, mean: .probabilities), seed: 1)
    let request = TraceRequest(
      reading: [.logits, "scores", "relu1"], seeding: ["relu1"], gradients: [.input])
    let trace = smoothed.trace(x, for: request)
    #expect(trace[.logits] == trace["scores"])
    let layer = trace["relu1"]
    let gradient = trace.gradient(seeding: ["relu1": layer])
    #expect(layer.shape == [1, 8, 16, 16] && gradient.shape == x.shape && gradient.isFinite)
  }

  @Test func `parameters out of range are refused`() {
    for (deviation, samples) in [(0.0, 8), (-1, 8), (.nan, 8), (0.1, 0), (11, 8)] {
      #expect(throws: NetworkError.self) {
        try Smoothing(deviation: deviation, samples: samples)
      }
    }
    #expect(throws: NetworkError.self) { try Certification(samples: 0) }
    #expect(throws: NetworkError.self) { try Certification(alpha: 1) }
  }

  // MARK: - Certificates

  @Test(arguments: [
    (100, 100, 0.933254301, 1.5004750), (1000, 1000, 0.993116048, 2.4632626),
    (100_000, 100_000, 0.999930925, 3.8114566), (990, 1000, 0.976036187, 1.9780095821),
    (980, 1000, 0.962300887, 1.7780343),
  ]) func `bounds and radii are the published ones`(
    count: Int, total: Int, bound: Double, radius: Double
  ) throws {
    let certificate = SmoothingCertificate(
      selected: 0, count: count, deviation: 1, certification: try Certification(samples: total))
    #expect((certificate.probability - bound).magnitude < 1e-9)
    #expect((certificate.radius - radius).magnitude < 1e-7)
    #expect(!certificate.abstains && certificate.radius <= certificate.largestRadius)
  }

  @Test func `a certificate abstains when it must`() throws {
    let certification = try Certification(samples: 100)
    let sixty = SmoothingCertificate(
      selected: 0, count: 60, deviation: 1, certification: certification)
    #expect((sixty.probability - 0.440984).magnitude < 1e-6)
    #expect(sixty.abstains && sixty.radius == 0)
    let none = SmoothingCertificate(
      selected: 0, count: 0, deviation: 1, certification: certification)
    #expect(none.probability == 0 && none.abstains)
    // Nine copies cannot certify anything: 0.001^(1/9) is below a half.
    let few = SmoothingCertificate(
      selected: 0, count: 9, deviation: 1, certification: try Certification(samples: 9))
    #expect(few.abstains && few.largestRadius == 0)
  }

  @Test func `a plane's certificate comes near its true distance and does not exceed it`() throws {
    // 3x − 4y + 1 at (2, 0.5), whose distance is 1 and whose copies have p = Φ(2).
    let model = CompiledNetwork(try SmallNetworks.linear([[3, -4], [0, 0]], bias: [1, 0]))
    let x = input([2, 0.5])
    #expect((NormalDistribution.probability(upTo: 2) - 0.9772498681).magnitude < 1e-10)
    #expect((NormalDistribution.quantile(0.9772498681) - 2).magnitude < 1e-8)
    var shares: [Double] = []
    let certificate = SmoothingCertificate(
      for: x, of: model, deviation: 0.5, certification: try Certification(samples: 20_000), seed: 5
    ) { shares.append($0) }
    #expect(shares == shares.sorted() && shares.last == 1)
    #expect(certificate.selected == 0)
    #expect(certificate.radius > 0.93 && certificate.radius <= 1)
    #expect((Double(certificate.count) / 20_000 - 0.97725).magnitude < 0.005)
    let vote = SmoothedVote(model, deviation: 0.5, seed: 5)
    #expect(vote.prediction(for: x, samples: 200, alpha: 0.001) == 0)
    // On the boundary coins are fair.
    #expect(vote.prediction(for: input([1.4, 1.3]), samples: 200, alpha: 0.001) == nil)
  }

  @Test func `the binomial test is two-sided`() {
    #expect(SmoothedVote.chance(of: 5, against: 5) == 1)
    #expect((SmoothedVote.chance(of: 10, against: 0) - 2 / 1024).magnitude < 1e-12)
    #expect((SmoothedVote.chance(of: 1, against: 9) - 22.0 / 1024).magnitude < 1e-12)
    #expect(SmoothedVote.chance(of: 0, against: 0) == 1)
  }

  @Test func `bounds hold as often as they should`() throws {
    // Of 2,000 experiments at p = 0.8 with alpha 0.05, about 100 bounds may be too high.
    let random = CounterRandom(seed: 12)
    var tooHigh = 0
    for experiment in 0..<2000 {
      let draws = random.uniform([60], sample: experiment).scalars
      let count = draws.count { $0 < 0.8 }
      if SmoothingCertificate.bound(count: count, of: 60, alpha: 0.05) > 0.8 { tooHigh += 1 }
    }
    #expect(tooHigh <= 130)
  }

  /// A model of passes of one picture.
  private struct Singly: DifferentiableClassifier {
    let model: CompiledNetwork
    var inputShape: Shape { model.inputShape }
    var classCount: Int { model.classCount }
    var labels: [String] { model.labels }
    var batchLimit: Int { 1 }
    var layers: [LayerSummary] { model.layers }
    func logits(for batch: Tensor) -> Tensor { model.logits(for: batch) }
    func resolve(_ name: LayerName) throws(NetworkError) -> LayerName { try model.resolve(name) }
    func trace(_ batch: Tensor, for request: TraceRequest) -> Trace {
      model.trace(batch, for: request)
    }
    func trace(
      _ batch: Tensor, against references: Tensor?, for request: TraceRequest
    ) -> Trace { model.trace(batch, against: references, for: request) }
  }
}
