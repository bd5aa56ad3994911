public import Networks
import Tensors

/// A layer that the user names, or one that the method picks from the graph.
public enum LayerChoice: Sendable, Hashable, Codable {
  /// Encoded as `auto`.
  case automatic
  case named(LayerName)

  public init(from decoder: any Decoder) throws {
    let text = try String(from: decoder)
    self = text == "auto" ? .automatic : .named(LayerName(text))
  }

  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .automatic: try "auto".encode(to: encoder)
    case .named(let name): try name.encode(to: encoder)
    }
  }
}

extension DifferentiableClassifier {
  /// The layer whose maps class activation methods weigh, for a network that names none: the last one
  /// that still has positions. Poolings are passed over, since they only thin out the maps before
  /// them, and so are layers with one channel per class, since these are the answer rather than the
  /// evidence. Nil where no layer has positions.
  public var activationLayer: LayerSummary? {
    let spatial = layers.filter(\.isSpatial)
    let poolings: Set = [MaxPool.kind, AveragePool.kind]
    return spatial.last { $0.shape[1] != classCount && !poolings.contains($0.kind) }
      ?? spatial.last
  }

  /// The layer that a choice stands for, with maps `[1, C, h, w]`. Throws where there is none.
  func activationLayer(
    _ choice: LayerChoice, for method: String
  ) throws(ExplainerError) -> LayerSummary {
    switch choice {
    case .automatic:
      guard let layer = activationLayer else {
        throw .layer(method: method, reason: "no layer of this network has positions left")
      }
      return layer
    case .named(let name):
      let resolved: LayerName
      do throws(NetworkError) {
        resolved = try resolve(name)
      } catch {
        throw .layer(method: method, reason: "\(error)")
      }
      guard let layer = layers.first(where: { $0.name == resolved }), layer.shape.rank == 4 else {
        throw .layer(
          method: method,
          reason: "'\(name)' is no layer of maps [C, h, w]; 'tidemark inspect MODEL' shows shapes")
      }
      return layer
    }
  }
}
