public import Explanations
import Imaging

/// How well the tightest box around all strong positions agrees with the object's box: the largest
/// intersection over union with any of its boxes. Strong is what reaches `multiple` times the mean
/// of the map's positive part.
///
/// The right multiple differs from method to method, and no picture may choose its own: the series
/// `iou` has the value for each multiple 0, 0.5 … 10, from which `TunedLocalization` chooses one on
/// half of the pictures and judges the others by it.
///
/// Du, Liu, Song, Hu: Towards Explanation of DNN-based Prediction with Guided Feature Inversion,
/// 2018 (arXiv:1804.00506), section 4.2.
public struct LocalizationIoU: Measure {
  public static let about = MeasureDescription(
    name: "localization-iou", group: .localization,
    summary: "Agreement of the box around all strong positions with the object's box.",
    source: "Du et al.: Towards Explanation of DNN-based Prediction with Guided Feature Inversion, "
      + "2018 (arXiv:1804.00506)",
    better: .higher, range: "0...1", needs: [.box],
    parameters: ["multiple": "how many times the mean of its positive part a strong value is"])

  /// Of the mean of the positive part; above 0, at most 100.
  public var multiple = 2.0

  public init() {}

  /// Multiples of the mean in the series `iou`.
  public static let multiples = (0...20).map { Double($0) / 2 }

  public func validate() throws(ExplainerError) {
    try Self.check("multiple", multiple, above: 0, atMost: 100)
  }

  public func measure(_ measured: MeasuredCase) -> MeasuredValue {
    let map = measured.map
    let mean = map.samples.reduce(0) { $0 + Double(max($1, 0)) } / Double(map.size.area)
    guard mean > 0 else { return .undefined("the map has no positive part") }
    let boxes = measured.truth?.boxes ?? []
    func agreement(_ multiple: Double) -> Double {
      let strong = map.samples.map { Double(max($0, 0)) >= multiple * mean }
      guard let found = PixelRect(around: strong, in: map.size) else { return 0 }
      return boxes.map { $0.overlap(with: found) }.max() ?? 0
    }
    return MeasuredValue(
      agreement(multiple), series: ["iou": Self.multiples.map { agreement($0) }])
  }
}
