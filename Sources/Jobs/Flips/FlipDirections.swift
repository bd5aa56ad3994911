import Directions
import Explanations
import Foundation
import ImageCodecs
import Imaging
import Networks
import Rendering
import Tensors

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
    /// Parts of the picture, from the one that says most.
    var features: [Feature]?
    /// How many parts change independently, and how near that is to fewer.
    var rank: Int?
    var conditionNumber: Double?
  }

  /// A part of the picture, as pivoting finds it.
  struct Feature: Sendable, Codable {
    let name: String
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
  /// Rows and columns of cells.
  private let grid: Int
  /// Of the network's input; empty where there is no displacement.
  private let size: PixelSize

  static let componentCount = 8
  /// Displacements are of single precision.
  private static let tolerance = 1e-5

  /// Where the map of a flip lies, and what its sidecar says of it.
  typealias Displacement = (stem: String, record: MapRecord.Map)

  init(of stems: [Displacement], in store: ArtifactStore) throws(JobError) {
    guard let shape = stems.first.map({ Shape($0.record.shape) }), stems.count >= 2 else {
      self.init(reason: "there are fewer than two displacements", count: stems.count)
      return
    }
    func displacement(_ index: Int) throws -> Tensor {
      let (stem, record) = stems[index]
      guard let map = StoredMap.map(of: record, at: stem, in: store), map.values.shape == shape
      else { throw StoreError("'\(stem).npy' was changed") }
      return map.values
    }
    do {
      let rows = DirectionRows(
        count: stems.count, length: shape.count, tensors: { try displacement($0) })
      let principal = try PrincipalDirections(of: rows, leading: Self.componentCount)
      let grid = min(8, shape[1], shape[2])
      let parts = DirectionFeatures.cellSums(rows: grid, columns: grid)
      let factorization = try RankRevealingFactorization(
        of: try stems.indices.map { parts.values(of: try displacement($0)) })
      let features = parts.features(of: shape)
      let ranked = zip(factorization.pivots, factorization.diagonal).enumerated().map {
        rank, found in
        Feature(
          name: features[found.0].name, place: features[found.0].place, norm: found.1,
          explained: factorization.explained[rank])
      }
      self.init(
        summary: Summary(
          count: stems.count, explainedVariance: principal.shares, features: ranked,
          rank: factorization.rank(tolerance: Self.tolerance),
          conditionNumber: factorization.conditionNumber),
        components: principal.components.indices.map { principal.component($0, shape: shape) },
        grid: grid, size: PixelSize(width: shape[2], height: shape[1]))
    } catch let error as DirectionsError {
      self.init(reason: "\(error)", count: stems.count)
    } catch {
      throw JobError(.environment, "the displacements cannot be read: \(error)")
    }
  }

  private init(reason: String, count: Int) {
    self.init(
      summary: Summary(reason: reason, count: count), components: [], grid: 0,
      size: PixelSize(side: 1))
  }

  private init(summary: Summary, components: [Tensor], grid: Int, size: PixelSize) {
    self.summary = summary
    self.components = components
    self.grid = grid
    self.size = size
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
      ("directions.png", directionSheet(shares)), ("features.png", featureChart(features)),
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

  /// Where the parts lie that say most.
  private func featureChart(_ features: [Feature]) -> Bitmap? {
    guard let first = features.first, first.norm > 0 else { return nil }
    var values = [[Double?]](repeating: [Double?](repeating: nil, count: grid), count: grid)
    for feature in features {
      let row = (feature.place.y + feature.place.height / 2) * grid / size.height
      let column = (feature.place.x + feature.place.width / 2) * grid / size.width
      values[row][column] = feature.norm / first.norm
    }
    let names = (1...grid).map { "\($0)" }
    return Chart.matrix(
      values, rows: names, columns: names,
      title: "What each part of the picture adds to those before",
      label: "relative to the first"
    ).rendered(size: PixelSize(width: 640, height: 580))
  }
}
