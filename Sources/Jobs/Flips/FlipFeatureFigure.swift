import Explanations
import Imaging
import Networks
import Rendering
import Tensors

/// A drawing of features by what each adds to those before it.
struct FlipFeatureFigure {
  /// From the one that says most.
  let features: [FlipDirections.Feature]
  /// Nil where features do not lie in one place.
  let layout: Layout?

  /// Where features lie.
  enum Layout: Sendable {
    /// In so many rows and columns.
    case grid(Int)
    /// In parts of a picture `[1, C, H, W]`.
    case regions(Regions, of: Tensor)
  }

  private static let title = "What each feature adds to those before"
  private static let label = "relative to the first"

  /// Nil where nothing changes.
  var drawn: Bitmap? {
    guard let first = features.first, first.norm > 0 else { return nil }
    switch layout {
    case .grid(let side): return grid(side, first.norm)
    case .regions(let regions, let picture): return parts(regions, picture, first.norm)
    case nil: return bars(first.norm)
    }
  }

  private func grid(_ side: Int, _ largest: Double) -> Bitmap {
    var values = [[Double?]](repeating: [Double?](repeating: nil, count: side), count: side)
    for feature in features {
      values[feature.index / side][feature.index % side] = feature.norm / largest
    }
    let names = (1...side).map { "\($0)" }
    return Chart.matrix(
      values, rows: names, columns: names,
      title: "What each part of the picture adds to those before", label: Self.label
    ).rendered(size: PixelSize(width: 640, height: 580))
  }

  /// The mean picture beside its parts, brighter where they add more.
  private func parts(_ regions: Regions, _ picture: Tensor, _ largest: Double) -> Bitmap? {
    var values = [Float](repeating: 0, count: regions.count)
    for feature in features { values[feature.index] = Float(feature.norm / largest) }
    let shares = Tensor(
      regions.labels.map { values[$0] }, shape: [1, 1, regions.height, regions.width])
    let side = min(max(regions.width, regions.height, 224), 448)
    var sheet = ContactSheet(
      title: Self.title, columns: ["mean picture", "its parts, white: most"],
      thumbnail: PixelSize(side: side), rowsPerPage: 2)
    _ = sheet.append(
      ContactSheet.Row(
        label: "",
        cells: [.picture(Bitmap(picture), caption: ""), .picture(Bitmap(shares), caption: "")]))
    return sheet.finish()
  }

  /// The first two dozen by name.
  private func bars(_ largest: Double) -> Bitmap {
    let shown = features.prefix(24)
    let values = shown.map { [$0.norm / largest as Double?] }
    return Chart.matrix(
      values, rows: shown.map(\.name), columns: [""], title: Self.title, label: Self.label
    ).rendered(size: PixelSize(width: 520, height: 120 + 26 * shown.count))
  }
}
