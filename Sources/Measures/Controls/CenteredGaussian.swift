public import Explanations
public import Networks
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A hill in the middle of the picture: what knowing that photographers aim does.
///
/// exp(−(u² + v²) / 2σ²), with u and v the distances from the middle as parts of the sides. The map
/// is `[1, H, W]`. Neither the picture nor the network is asked.
public struct CenteredGaussian: Explainer {
  public static let about = MethodDescription(
    name: "centered-gaussian", summary: "A hill in the middle, whatever the picture shows.",
    source: "control", parameters: ["width": "deviation of the hill, as a part of each side"])

  /// σ; above 0, at most 10.
  public var width = 0.25

  public init() {}

  public func validate() throws(ExplainerError) {
    guard width > 0, width <= 10 else {
      throw .invalidParameter(
        method: Self.about.name, parameter: "width",
        reason: "must be above 0, at most 10, found \(width)")
    }
  }

  public func explain(_ question: Question, using model: any Classifier) -> Explanation {
    let (height, width) = (question.subject.input.shape[2], question.subject.input.shape[3])
    func slope(_ count: Int) -> [Double] {
      (0..<count).map { place in
        let distance = ((Double(place) + 0.5) / Double(count) - 0.5) / self.width
        return exp(-distance * distance / 2)
      }
    }
    let (rows, columns) = (slope(height), slope(width))
    let values = rows.flatMap { row in columns.map { Float(row * $0) } }
    return Explanation(
      map: AttributionMap(Tensor(values, shape: [1, height, width]), sign: .magnitude))
  }
}
