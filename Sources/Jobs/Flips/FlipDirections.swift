import Directions
import Explanations
import Foundation
import ImageCodecs
import Imaging
import Networks
import Rendering
import Tensors

/// What rank-revealing factorization takes a displacement's features to be.
public enum FlipFeatures: String, Sendable, Codable, CaseIterable {
  /// Sums over the cells of a grid.
  case cells
  /// Sums over superpixels of the mean picture: for pictures that lie alike.
  case superpixels
  /// Sums over channels.
  case channels
  /// The lowest coefficients of the cosine transform of each channel.
  case cosines
}

/// What the displacements to the nearest boundaries have in common: their principal directions, and the
/// parts of the picture that they change, from the one that says most.
///
/// Both need LAPACK. Where it is not installed, or there are too few displacements, `reason` says so.
struct FlipDirections: Sendable {
  /// What is known of them in numbers.
  struct Summary: Sendable, Codable {
    /// Why there is nothing else.
    var reason: String?
    /// Displacements that were looked at.
    var count: Int
    /// By principal direction, from the largest: its share of the variance.
    var explainedVariance: [Double]?
    /// What features are.
    var kind: FlipFeatures?
    /// Features, from the one that says most.
    var features: [Feature]?
    /// How many features change independently, and how near that is to fewer.
    var rank: Int?
    var conditionNumber: Double?
  }

  /// A feature, as pivoting finds it.
  struct Feature: Sendable, Codable {
    let name: String
    /// Which, in the order of their definition.
    let index: Int
    /// In pixels of the network's input.
    let place: PixelRect
    /// What it adds to those before it: |R_kk|.
    let norm: Double
    /// The part of all change that it and those before it account for.
    let explained: Double
  }

  let summary: Summary
  /// Pictures `[C, H, W]` of length 1, at most `componentCount`.
  private let components: [Tensor]
  /// Where features lie; nil where that is the whole picture.
  private let layout: FlipFeatureFigure.Layout?

  static let componentCount = 8
  /// Displacements are of single precision.
  private static let tolerance = 1e-5

  /// Where the map of a flip lies, and what its sidecar says of it.
  typealias Displacement = (stem: String, record: MapRecord)

  init(
    of stems: [Displacement], by kind: FlipFeatures, in store: ArtifactStore
  ) throws(JobError) {
    guard let shape = stems.first.map({ Shape($0.record.map.shape) }), stems.count >= 2 else {
      self.init(reason: "there are fewer than two displacements", count: stems.count)
      return
    }
    func displacement(_ index: Int) throws -> Tensor {
      let (stem, record) = stems[index]
      guard let map = StoredMap.map(of: record.map, at: stem, in: store), map.values.shape == shape
      else { throw StoreError("'\(stem).npy' was changed") }
      return map.values
    }
    do {
      let rows = DirectionRows(
        count: stems.count, length: shape.count, tensors: { try displacement($0) })
      let principal = try PrincipalDirections(of: rows, leading: Self.componentCount)
      let side = min(8, shape[1], shape[2])
      var layout: FlipFeatureFigure.Layout?
      let parts: DirectionFeatures
      switch kind {
      case .cells:
        parts = .cellSums(rows: side, columns: side)
        layout = .grid(side)
      case .superpixels:
        let mean = try Self.meanPicture(of: stems, in: store)
        let regions = Regions.superpixels(of: mean, count: 64)
        parts = .partSums(labels: regions.labels)
        layout = .regions(regions, of: mean)
      case .channels: parts = .channelSums
      case .cosines: parts = .cosines(perSide: side)
      }
      let factorization = try RankRevealingFactorization(
        of: try stems.indices.map { parts.values(of: try displacement($0)) })
      let features = parts.features(of: shape)
      let ranked = zip(factorization.pivots, factorization.diagonal).enumerated().map {
        rank, found in
        Feature(
          name: features[found.0].name, index: found.0, place: features[found.0].place,
          norm: found.1,
          explained: factorization.explained[rank])
      }
      self.init(
        summary: Summary(
          count: stems.count, explainedVariance: principal.shares, kind: kind, features: ranked,
          rank: factorization.rank(tolerance: Self.tolerance),
          conditionNumber: factorization.conditionNumber),
        components: principal.components.indices.map { principal.component($0, shape: shape) },
        layout: layout)
    } catch let error as DirectionsError {
      self.init(reason: "\(error)", count: stems.count)
    } catch {
      throw JobError(.environment, "the displacements cannot be read: \(error)")
    }
  }

  private init(reason: String, count: Int) {
    self.init(
      summary: Summary(reason: reason, count: count), components: [], layout: nil)
  }

  private init(
    summary: Summary, components: [Tensor], layout: FlipFeatureFigure.Layout?
  ) {
    self.summary = summary
    self.components = components
    self.layout = layout
  }

  /// The mean of the pictures that were displaced, `[1, C, H, W]`: their counterparts less the changes.
  private static func meanPicture(
    of stems: [Displacement], in store: ArtifactStore
  ) throws -> Tensor {
    var sum: Tensor?
    for (stem, record) in stems {
      guard let counterpart = record.counterpart,
        let pixels = StoredCounterpart(counterpart, at: stem, in: store)?.pixels,
        let change = StoredMap.map(of: record.map, at: stem, in: store)?.values,
        pixels.count == change.count, sum == nil || sum?.shape == pixels.shape
      else { throw StoreError("the counterpart of '\(stem)' was changed") }
      let picture = pixels - change.reshaped(to: pixels.shape)
      sum = sum.map { $0 + picture } ?? picture
    }
    return Float(1) / Float(stems.count) * (sum ?? Tensor(zeros: [1, 1, 1, 1]))
  }

  func write(to store: ArtifactStore) throws {
    guard let features = summary.features, let shares = summary.explainedVariance else { return }
    let table = features.enumerated().reduce(
      CSV.line(["rank", "feature", "x", "y", "width", "height", "norm", "explained"])
    ) { table, entry in
      let (rank, feature) = entry
      let place = feature.place
      let numbers = [place.x, place.y, place.width, place.height].map { "\($0)" }
      return table
        + CSV.line(
          ["\(rank + 1)", feature.name] + numbers + ["\(feature.norm)", "\(feature.explained)"])
    }
    try store.write(table.utf8, named: "features.csv")
    for (name, figure) in [
      ("directions.png", directionSheet(shares)),
      ("features.png", FlipFeatureFigure(features: features, layout: layout).drawn),
    ] {
      guard let figure else { continue }
      try store.write(figure: figure, telling: "flips", named: name)
    }
  }

  /// Principal directions as pictures around a middle gray, each at its own strength.
  private func directionSheet(_ shares: [Double]) -> Bitmap? {
    guard !components.isEmpty else { return nil }
    var sheet = ContactSheet(
      title: "Principal directions of \(summary.count) flips",
      columns: [String](repeating: "", count: components.count), rowsPerPage: 2)
    _ = sheet.append(
      ContactSheet.Row(
        label: "shares of the variance",
        cells: components.enumerated().map { index, component in
          guard [1, 3].contains(component.shape[0]) else { return .failed(reason: "no picture") }
          let scale = 0.5 / max(component.largestMagnitude, .leastNormalMagnitude)
          let picture = component.reshaped(to: Shape([1] + component.shape.extents))
          let percent = (1000 * shares[index]).rounded() / 10
          return .picture(
            Bitmap(aroundGray: picture, times: scale), caption: "\(index + 1): \(percent) %")
        }))
    return sheet.finish()
  }
}
