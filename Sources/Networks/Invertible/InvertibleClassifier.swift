public import Tensors

/// A classifier T followed by a linear head, where T has an exact inverse.
///
/// T takes a picture to a map of as many features, and every map of features is that of one input; which
/// need not lie in 0...1.
public protocol InvertibleClassifier: DifferentiableClassifier {
  /// The scores as a linear function of the features.
  var head: LinearHead { get }
  /// `[c, h, w]`
  var featureShape: Shape { get }
  /// The layer that holds the features, for requests.
  var featureLayer: LayerName { get }

  /// T: `[N, C, H, W]` → `[N, c, h, w]`, in one pass. Traps on a batch beyond `batchLimit`.
  func features(of batch: Tensor) -> Tensor

  /// T⁻¹: `[N, c, h, w]` → `[N, C, H, W]`, in one pass. Traps on a batch beyond `batchLimit`.
  ///
  /// What rounding leaves of T⁻¹(T(x)) − x grows with the number of blocks; `reconstructionErrors(of:)`
  /// measures it.
  func input(restoring features: Tensor) -> Tensor

  /// log |det ∂T/∂x| for each picture of `[N, C, H, W]`, in nats.
  func logDeterminants(of batch: Tensor) -> [Double]
}

extension InvertibleClassifier {
  /// The largest |T⁻¹(T(x)) − x| of each picture of `[N, C, H, W]`; infinite where it is no number. Costs a
  /// pass forward and one back.
  public func reconstructionErrors(of batch: Tensor) -> [Float] {
    let difference = input(restoring: features(of: batch)) - batch
    return (0..<batch.batch).map { item in
      difference.item(item).withScalars { scalars in
        scalars.reduce(0) { $1.isNaN ? .infinity : max($0, $1.magnitude) }
      }
    }
  }
}
