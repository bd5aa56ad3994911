public import Explanations
public import Networks
import Tensors

/// How much the brightness changes at each position: what looking at the picture alone does.
///
/// The length of Sobel's two differences of the luminance, edges continued. The map is `[1, H, W]`.
/// The network is not asked. Methods whose maps look like this may show the picture rather than the
/// network.
///
/// Adebayo et al.: Sanity Checks for Saliency Maps, 2018 (arXiv:1810.03292) make the comparison.
public struct EdgeDetector: Explainer {
  public static let about = MethodDescription(
    name: "edge-detector", summary: "Edges of the picture, whatever the network says.",
    source: "control; Sobel's operator")

  public init() {}

  public func explain(_ question: Question, using model: any Classifier) -> Explanation {
    let input = question.subject.input
    let (height, width) = (input.shape[2], input.shape[3])
    let luminance = input.luminance
    func value(_ y: Int, _ x: Int) -> Float {
      luminance[min(max(y, 0), height - 1) * width + min(max(x, 0), width - 1)]
    }
    let map = Tensor(shape: [1, height, width]) { target in
      for y in 0..<height {
        for x in 0..<width {
          var (across, down) = (Float(0), Float(0))
          for (offset, weight) in [(-1, Float(1)), (0, 2), (1, 1)] {
            across += weight * (value(y + offset, x + 1) - value(y + offset, x - 1))
            down += weight * (value(y + 1, x + offset) - value(y - 1, x + offset))
          }
          target.initializeElement(
            at: y * width + x, to: (across * across + down * down).squareRoot())
        }
      }
    }
    return Explanation(map: AttributionMap(map, sign: .magnitude))
  }
}

extension Tensor {
  /// Brightness of a picture `[1, C, H, W]`: ITU-R 601's for three channels, the mean for others.
  fileprivate var luminance: [Float] {
    let (channels, plane) = (shape[1], shape[2] * shape[3])
    let weights =
      channels == 3
      ? [0.299, 0.587, 0.114] : [Float](repeating: 1 / Float(channels), count: channels)
    return withScalars { scalars in
      (0..<plane).map { place in
        (0..<channels).reduce(0) { $0 + weights[$1] * scalars[$1 * plane + place] }
      }
    }
  }
}
