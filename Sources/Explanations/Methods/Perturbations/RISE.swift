public import Networks
import Tensors

/// Positions whose being seen goes with a high score, over thousands of random masks.
///
/// A mask is a grid of `cells` × `cells` (and one more along each side) of which each is open with
/// probability `openness`, spread linearly over the picture and shifted by a part of a cell. For masks
/// Mₙ and scores sₙ of the pictures seen through them, the map is Σₙ (sₙ − s̄) Mₙ / (N · openness),
/// `[1, H, W]`, signed, in units of the score, with a standard error for each position. Masks are keyed by the
/// subject's seed. A forward pass for each mask.
///
/// Petsiuk, Das, Saenko: RISE, 2018 (arXiv:1806.07421). The paper does not subtract the mean score s̄;
/// it adds the same to every position and most of the noise, so that it is left out unless
/// `centered` is off.
public struct RISE: Explainer {
  public static let about = MethodDescription(
    name: "rise",
    summary: "Positions whose being seen goes with a high score, over random masks.",
    source: "Petsiuk, Das, Saenko: RISE, 2018 (arXiv:1806.07421)",
    parameters: SamplingEffort.parameters.merging([
      "cells": "cells of the masks' grid along each side",
      "openness": "probability of a cell to be open",
      "centered": "whether the mean score is subtracted; the published method does not",
      "baseline": "what is seen where a mask is closed: \(Baseline.names)",
      "score": "what is explained: logit or probability",
    ]) { $1 })

  public var samples = 2000
  /// 0 takes all samples.
  public var tolerance = 0.0
  /// 1...64
  public var cells = 7
  public var openness = 0.5
  public var centered = true
  public var baseline = Baseline.black
  public var score = Score.probability

  public init() {}

  private var effort: SamplingEffort {
    SamplingEffort(method: Self.about.name, samples: samples, tolerance: tolerance)
  }

  public func validate() throws(ExplainerError) {
    try effort.validate()
    guard (1...64).contains(cells) else {
      throw .invalidParameter(
        method: Self.about.name, parameter: "cells", reason: "must be 1...64, found \(cells)")
    }
    guard openness > 0, openness < 1 else {
      throw .invalidParameter(
        method: Self.about.name, parameter: "openness",
        reason: "must be above 0 and below 1, found \(openness)")
    }
  }

  public func explain(
    _ question: Question, using model: any Classifier
  ) throws(ExplainerError) -> Explanation {
    let subject = question.subject
    let (height, width) = (subject.input.shape[2], subject.input.shape[3])
    let obscured = Obscured(
      input: subject.input, baseline: baseline.tensor(for: subject.input, seed: subject.seed))
    let random = CounterRandom(seed: subject.seed, stream: RandomStream.masks)
    var sums = MaskSums(positions: height * width)
    func estimate() -> (map: Tensor, error: Tensor) {
      sums.estimate(openness: openness, centered: centered, shape: [1, height, width])
    }
    let (taken, error, status) = effort.run { range in
      let masks = range.map { mask(random, $0, height: height, width: width) }
      let scores = model.scores(of: score, for: question, at: 0..<range.count) {
        obscured.picture(keeping: masks[$0])
      }
      for (mask, score) in zip(masks, scores) { sums.add(mask, score: score) }
    } error: {
      let (map, error) = estimate()
      return error.relativeError(of: map)
    }
    let (map, standardError) = estimate()
    return Explanation(
      map: AttributionMap(map, sign: .signed),
      standardError: AttributionMap(standardError, sign: .magnitude),
      diagnostics: Diagnostics(
        values: [
          "samples": Double(taken), "relativeError": error, "meanScore": sums.meanScore,
        ], forwardPasses: taken), status: status)
  }

  /// A mask `[H · W]`, values 0...1.
  private func mask(_ random: CounterRandom, _ sample: Int, height: Int, width: Int) -> [Float] {
    var numbers = random.sequence(sample: sample)
    let side = cells + 1
    let grid = (0..<side * side).map { _ in
      Double.random(in: 0..<1, using: &numbers) < openness ? Float(1) : 0
    }
    func axis(_ extent: Int) -> [(first: Int, part: Float)] {
      let cell = Double(extent) / Double(cells)
      let shift = Double.random(in: 0..<1, using: &numbers)
      return (0..<extent).map { index in
        let place = min((Double(index) + 0.5) / cell + shift - 0.5, Double(cells))
        let first = max(0, min(Int(max(place, 0)), cells - 1))
        return (first, Float(min(max(place - Double(first), 0), 1)))
      }
    }
    let (vertical, horizontal) = (axis(height), axis(width))
    var mask: [Float] = []
    mask.reserveCapacity(height * width)
    for y in vertical {
      let (upper, lower) = (y.first * side, (y.first + 1) * side)
      let line = (0..<side).map {
        grid[upper + $0] + y.part * (grid[lower + $0] - grid[upper + $0])
      }
      for x in horizontal {
        mask.append(line[x.first] + x.part * (line[x.first + 1] - line[x.first]))
      }
    }
    return mask
  }
}

/// What is kept of masks M and scores s: enough for the map and for its error.
private struct MaskSums {
  private var count = 0.0
  /// Scores are summed less the first one, so that equal ones leave exactly nothing.
  private var reference: Double?
  private var scores = 0.0
  /// Σ M, Σ sM, Σ M², Σ sM² and Σ s²M², position by position.
  private var sums: [SIMD8<Double>]

  init(positions: Int) { sums = [SIMD8<Double>](repeating: .zero, count: positions) }

  var meanScore: Double { count > 0 ? (reference ?? 0) + scores / count : 0 }

  mutating func add(_ mask: [Float], score: Double) {
    let first = reference ?? score
    reference = first
    let score = score - first
    count += 1
    scores += score
    let factors = SIMD8<Double>(1, score, 0, 0, 0, 0, 0, 0)
    let squares = SIMD8<Double>(0, 0, 1, score, score * score, 0, 0, 0)
    for index in sums.indices {
      let m = Double(mask[index])
      sums[index] += m * (factors + m * squares)
    }
  }

  func estimate(openness: Double, centered: Bool, shape: Shape) -> (map: Tensor, error: Tensor) {
    let mean = centered ? scores / count : -(reference ?? 0)
    var (map, error) = ([Float](), [Float]())
    for sum in sums {
      // Mean and mean square of (s − s̄)·M.
      let first = (sum[1] - mean * sum[0]) / count
      let second = (sum[4] - 2 * mean * sum[3] + mean * mean * sum[2]) / count
      map.append(Float(first / openness))
      let variance = max(second - first * first, 0)
      error.append(Float((variance / max(count - 1, 1)).squareRoot() / openness))
    }
    return (Tensor(map, shape: shape), Tensor(error, shape: shape))
  }
}
