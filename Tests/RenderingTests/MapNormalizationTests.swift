import Foundation
import Imaging
import Rendering
import Testing

struct MapNormalizationTests {
  private func map(_ values: [Float]) -> Image<Float> {
    Image(size: PixelSize(width: values.count, height: 1), layout: .gray, samples: values)
  }

  private func normalized(
    _ values: [Float],
    _ range: MapNormalization.Range,
    clip: Float = 100
  ) -> [Float] {
    let map = map(values)
    return MapNormalization(fitting: map, range: range, clip: clip).normalized(map).samples
  }

  @Test func `a signed map is scaled by its greatest strength about zero`() {
    #expect(normalized([-4, 0, 1, 2], .symmetric) == [-1, 0, 0.25, 0.5])
  }

  @Test func `a magnitude map is scaled from zero and loses what is below`() {
    #expect(normalized([-4, 0, 1, 2], .magnitude) == [0, 0, 0.5, 1])
  }

  @Test func `values times scale are the raw values`() {
    let raw = map([-0.3, 0.1, 0.7, 12])
    let normalization = MapNormalization(fitting: raw, range: .symmetric, clip: 100)
    for (value, ratio) in zip(raw.samples, normalization.normalized(raw).samples) {
      #expect(abs(ratio * normalization.scale - value) <= abs(value) * 1e-6)
    }
  }

  @Test func `the clip percentile is the value of nearest rank`() {
    let raw = map((1...200).map(Float.init))
    #expect(MapNormalization(fitting: raw, range: .magnitude).scale == 199)
    #expect(MapNormalization(fitting: raw, range: .magnitude, clip: 50).scale == 100)
    #expect(MapNormalization(fitting: raw, range: .magnitude, clip: 100).scale == 200)
    let clipped = MapNormalization(fitting: raw, range: .magnitude, clip: 50).normalized(raw)
    #expect(clipped[199, 0] == 1)
  }

  @Test func `the order of the pixels does not matter`() {
    var random = Numbers()
    let values = (0..<999).map { _ in Float.random(in: -1...1, using: &random) }
    let scale = MapNormalization(fitting: map(values), range: .symmetric).scale
    let shuffled = values.shuffled(using: &random)
    #expect(MapNormalization(fitting: map(shuffled), range: .symmetric).scale == scale)
  }

  @Test func `a sparse map is scaled by its maximum`() {
    let raw = map([Float](repeating: 0, count: 999) + [3])
    let normalization = MapNormalization(fitting: raw, range: .magnitude, clip: 99)
    #expect(normalization.scale == 3)
    #expect(normalization.status == .normal)
  }

  @Test(arguments: MapNormalization.Range.allCases)
  func `a zero map has found nothing and stays zero`(range: MapNormalization.Range) {
    let raw = map([0, -0.0, 0])
    let normalization = MapNormalization(fitting: raw, range: range)
    #expect(normalization.status == .nothingFound)
    #expect(normalization.scale == 0)
    #expect(normalization.normalized(raw).samples == [0, 0, 0])
  }

  @Test func `a negative map has no magnitude`() {
    let raw = map([-1, -2])
    let normalization = MapNormalization(fitting: raw, range: .magnitude)
    #expect(normalization.status == .nothingFound)
    #expect(normalization.normalized(raw).samples == [0, 0])
  }

  @Test func `a constant map is at the end of the range`() {
    #expect(normalized([5, 5], .magnitude) == [1, 1])
    #expect(normalized([-5, -5], .symmetric) == [-1, -1])
  }

  @Test func `what was not seen stays out of the scale and stays unseen`() {
    let raw = map([.nan, 2, 1])
    let normalization = MapNormalization(fitting: raw, range: .magnitude, clip: 100)
    #expect(normalization.status == .normal)
    #expect(normalization.scale == 2)
    #expect(normalization.normalized(raw)[0, 0].isNaN)
  }

  @Test func `infinities are told and take the ends`() {
    let raw = map([.infinity, -.infinity, 1, 0])
    let normalization = MapNormalization(fitting: raw, range: .symmetric, clip: 100)
    #expect(normalization.status == .nonFinite)
    #expect(normalization.scale == 1)
    #expect(normalization.normalized(raw).samples == [1, -1, 1, 0])
    let zeros = map([.infinity, 0])
    let normalized = MapNormalization(fitting: zeros, range: .symmetric).normalized(zeros)
    #expect(normalized.samples == [1, 0])
  }

  @Test func `a map without a finite value is not finite`() {
    let normalization = MapNormalization(fitting: map([.nan, .nan]), range: .symmetric)
    #expect(normalization.status == .nonFinite)
    #expect(normalization.scale == 0)
  }

  @Test func `the least and the greatest floats are legal`() {
    #expect(normalized([.leastNonzeroMagnitude, 0], .symmetric) == [1, 0])
    #expect(normalized([-.greatestFiniteMagnitude, 0], .symmetric) == [-1, 0])
  }

  @Test func `it survives JSON`() throws {
    let normalization = MapNormalization(fitting: map([0.1, -3]), range: .symmetric, clip: 99)
    let data = try JSONEncoder().encode(normalization)
    #expect(try JSONDecoder().decode(MapNormalization.self, from: data) == normalization)
  }

  @Test(arguments: MapNormalization.Range.allCases)
  func `a map that is the same everywhere is told apart from one that is not`(
    range: MapNormalization.Range
  ) {
    func status(_ values: [Float]) -> MapNormalization.Status {
      MapNormalization(fitting: map(values), range: range).status
    }
    #expect(status([0.3, 0.3, 0.3]) == .constant)
    #expect(status([0.3, Float(0.3).nextUp, .nan]) == .constant)
    #expect(status([0.3, 0.3001]) == .normal)
    #expect(status([7]) == .constant)
  }

  @Test func `a scale from elsewhere leaves the status and moves the ends`() {
    let raw = map([0, 1, 2, 3])
    let own = MapNormalization(fitting: raw, range: .magnitude)
    #expect(own.rescaled(to: 6).normalized(raw).samples == [0, 1 / 6, 2 / 6, 0.5] as [Float])
    #expect(own.rescaled(to: 3, from: 1).normalized(raw).samples == [0, 0, 0.5, 1])
    #expect(own.rescaled(to: 6).status == .normal)
    let signed = MapNormalization(fitting: raw, range: .symmetric).rescaled(to: 6, from: 1)
    #expect(signed.floor == 0)
  }
}
