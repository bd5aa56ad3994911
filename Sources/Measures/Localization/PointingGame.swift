public import Explanations
import Imaging

/// Whether the strongest position lies in the object's box: 1 or 0, and the part of the strongest
/// that do where several are equally strong.
///
/// Zhang, Lin, Brandt, Shen, Sclaroff: Top-down Neural Attention by Excitation Backprop, 2016
/// (arXiv:1608.00507). There, a position at most 15 pixels off is a hit; here, none unless `margin`
/// says so.
public struct PointingGame: Measure {
  public static let about = MeasureDescription(
    name: "pointing-game", group: .localization,
    summary: "Whether the strongest position lies in the object's box.",
    source: "Zhang et al.: Top-down Neural Attention by Excitation Backprop, 2016 "
      + "(arXiv:1608.00507)",
    better: .higher, range: "0 or 1; between where the strongest positions disagree",
    needs: [.box], parameters: PointedAt.parameters)

  /// How far off a position may lie and still count, in pixels of the input.
  public var margin = 0

  public init() {}

  public func validate() throws(ExplainerError) {
    try Self.check("margin", margin, in: 0...1000)
  }

  public func measure(_ measured: MeasuredCase) -> MeasuredValue {
    PointedAt(measured.truth?.isBoxed ?? [], size: measured.map.size, margin: margin)
      .hits(of: measured.map)
  }
}

/// As `PointingGame`, with the object's outline for its box.
public struct PointingGameMask: Measure {
  public static let about = MeasureDescription(
    name: "pointing-game-mask", group: .localization,
    summary: "Whether the strongest position lies on the object.",
    source: PointingGame.about.source, better: .higher, range: PointingGame.about.range,
    needs: [.mask], parameters: PointedAt.parameters)

  /// How far off a position may lie and still count, in pixels of the input.
  public var margin = 0

  public init() {}

  public func validate() throws(ExplainerError) {
    try Self.check("margin", margin, in: 0...1000)
  }

  public func measure(_ measured: MeasuredCase) -> MeasuredValue {
    PointedAt(measured.truth?.mask ?? [], size: measured.map.size, margin: margin)
      .hits(of: measured.map)
  }
}
