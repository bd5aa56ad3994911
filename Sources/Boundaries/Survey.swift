import Networks
public import Tensors

/// All that one search asks of a model, counted for each site.
///
/// Points of all sites and starts go through the model together, in passes of at most its batch limit;
/// the answer for a point does not depend on the others.
public final class Survey {
  /// One point to be looked at.
  public struct Probe {
    public let site: Int
    /// In pixels, `[1, C, H, W]`.
    public let point: Tensor

    public init(_ site: Int, _ point: Tensor) {
      self.site = site
      self.point = point
    }
  }

  /// Scores at a point, and the gradient of a sum of them.
  public struct Slope {
    public let logits: [Float]
    /// In pixels, `[1, C, H, W]`; 0 where pixels must not change.
    public let gradient: Tensor
  }

  public private(set) var sites: [Site]
  public private(set) var effort: [BoundaryOutcome.Effort]
  /// Whether a site has shown scores or gradients that are no numbers.
  public private(set) var sawNonFinite: [Bool]
  private let model: any Classifier

  init(_ sites: [Site], of model: any Classifier) {
    self.sites = sites
    self.model = model
    effort = sites.map { _ in BoundaryOutcome.Effort() }
    sawNonFinite = sites.map { _ in false }
  }

  /// Whether gradients can be asked for.
  public var hasGradients: Bool { model is any DifferentiableClassifier }

  /// Whether the model has activations that saturate, and can be flattened.
  var isRelaxable: Bool {
    (model as? any RelaxableClassifier).map { !$0.saturatingLayers.isEmpty } ?? false
  }

  /// How far the model is to be flattened for the start of each of these sites to have a slope, in one
  /// forward pass each. Traps for a model that is not relaxable.
  func flattenings(for indices: [Int], slope: Float) -> [Flattening] {
    guard let model = model as? any RelaxableClassifier else {
      preconditionFailure("the model cannot be flattened")
    }
    let probes = indices.map { Probe($0, sites[$0].start) }
    for index in indices { effort[index].forwards += 1 }
    return passes(probes.count).flatMap { range in
      model.flattenings(for: batch(probes[range]), slope: slope).prefix(range.count)
    }
  }

  /// The same sites as a flattened model sees them, with nothing spent yet. Traps for a model that is
  /// not relaxable.
  func flattened(by flattening: Flattening) -> Survey {
    guard let model = model as? any RelaxableClassifier else {
      preconditionFailure("the model cannot be flattened")
    }
    return Survey(sites, of: model.flattened(by: flattening))
  }

  /// Adds what another survey of these sites has spent.
  func charge(_ other: Survey) {
    for index in effort.indices {
      effort[index].forwards += other.effort[index].forwards
      effort[index].gradients += other.effort[index].gradients
    }
  }

  /// Scores of each point, in one forward pass each.
  public func logits(at probes: [Probe]) -> [[Float]] {
    var rows: [[Float]] = []
    for range in passes(probes.count) {
      let logits = model.logits(for: batch(probes[range]))
      for (item, probe) in probes[range].enumerated() {
        rows.append(logits.item(item).scalars)
        effort[probe.site].forwards += 1
        if !rows[rows.count - 1].allSatisfy(\.isFinite) { sawNonFinite[probe.site] = true }
      }
    }
    return rows
  }

  /// Scores of each point, and the gradient of Σ seed · score. `seed` makes the weights `[K]` from the
  /// number of the probe and the scores there. Traps for a model without gradients.
  public func slopes(
    at probes: [Probe], seed: (_ probe: Int, _ logits: [Float]) -> [Float]
  ) -> [Slope] {
    guard let model = model as? any DifferentiableClassifier else {
      preconditionFailure("the model has no gradients")
    }
    let request = TraceRequest(reading: [.logits], seeding: [.logits], gradients: [.input])
    var slopes: [Slope] = []
    for range in passes(probes.count) {
      let trace = model.trace(batch(probes[range]), for: request)
      let logits = trace[.logits]
      let rows = range.map { logits.item($0 - range.lowerBound).scalars }
      let seeds = zip(range, rows).flatMap { seed($0, $1) }
      let padding = [Float](repeating: 0, count: logits.count - seeds.count)
      let gradient = trace.gradient(
        seeding: [.logits: Tensor(seeds + padding, shape: logits.shape)])
      for (item, row) in rows.enumerated() {
        let probe = probes[range.lowerBound + item]
        let slope = Slope(logits: row, gradient: pixels(gradient.item(item), probe.site))
        slopes.append(slope)
        effort[probe.site].gradients += 1
        if !row.allSatisfy(\.isFinite) || !slope.gradient.isFinite {
          sawNonFinite[probe.site] = true
        }
      }
    }
    return slopes
  }

  /// Records the scores at the start, and which class leads there.
  func begin(_ site: Int, with logits: [Float]) {
    sites[site].logits = logits
    if sites[site].foil != nil, sites[site].startMargin < 0 { sites[site].sign = -1 }
  }

  /// A gradient at the network's input → at the pixels that may change.
  private func pixels(_ gradient: Tensor, _ index: Int) -> Tensor {
    let site = sites[index]
    var slope = site.space.pullback(gradient)
    guard site.hasFrozen else { return slope }
    slope.withMutableScalars { slope in
      site.lower.withScalars { lower in
        site.upper.withScalars { upper in
          for index in slope.indices where lower[index] == upper[index] { slope[index] = 0 }
        }
      }
    }
    return slope
  }

  /// The next points as a batch of a power of two, so that few plans are made.
  private func batch(_ probes: ArraySlice<Probe>) -> Tensor {
    let inputs = probes.map { sites[$0.site].space.input(of: $0.point) }
    return Tensor.concatenating(inputs)
      .padded(toBatch: min(probes.count.roundedUpToPowerOfTwo, model.batchLimit))
  }

  /// Batches of `count` points: powers of two, the last of them padded where that is an eighth at most.
  private func passes(_ count: Int) -> [Range<Int>] {
    var passes: [Range<Int>] = []
    var start = 0
    while start < count {
      let left = min(count - start, model.batchLimit)
      let full = left.roundedUpToPowerOfTwo
      let size = 8 * (full - left) <= full ? left : full / 2
      passes.append(start..<start + size)
      start += size
    }
    return passes
  }
}

extension Int {
  /// The smallest power of two that is no less; 1 for 1 and below.
  fileprivate var roundedUpToPowerOfTwo: Int {
    self > 1 ? 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount) : 1
  }
}
