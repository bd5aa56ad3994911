public import Explanations
import Imaging
import Networks

/// How the layers whose parameters are shuffled follow one another.
public enum Shuffling: String, NamedOption {
  /// From the logits down: each stage shuffles all that those before it did, the last one
  /// everything.
  case cascading
  /// One layer at a time.
  case independent
}

/// Maps of the same method for the same question, of networks whose parameters are shuffled.
struct RandomizedMaps: Sendable {
  /// For each stage; nil where a map is not finite or the same everywhere.
  let planes: [Image<Float>?]

  static let parameters = [
    "stages": "how many networks with shuffled parameters are explained",
    "shuffling": "which layers are shuffled: cascading (from the logits down) or independent",
  ]

  /// The layers of each stage: from the one next to the logits to all of them or the last, in even
  /// steps.
  static func stages(
    _ count: Int, of layers: [LayerName], _ shuffling: Shuffling
  ) -> [Set<LayerName>] {
    guard let last = layers.indices.last else { return [] }
    var depths: [Int] = []
    for stage in 0..<count {
      let depth = count == 1 ? last : Int((Double(last * stage) / Double(count - 1)).rounded())
      if depths.last != depth { depths.append(depth) }
    }
    return depths.map { depth in
      switch shuffling {
      case .cascading: Set(layers[...depth])
      case .independent: [layers[depth]]
      }
    }
  }
}

extension MeasuredCase {
  /// The maps of each stage, of networks smoothed as the case's own is; made once for the case.
  func randomizedMaps(
    stages: Int, _ shuffling: Shuffling
  ) throws(ExplainerError) -> RandomizedMaps {
    guard let randomized else { return RandomizedMaps(planes: []) }
    return try once("randomized/\(stages)/\(shuffling.rawValue)") { () throws(ExplainerError) in
      var planes: [Image<Float>?] = []
      for layers in RandomizedMaps.stages(stages, of: randomized.layers, shuffling) {
        let model: CompiledNetwork
        do throws(NetworkError) {
          model = try randomized.model(shuffling: layers)
        } catch {
          throw .layer(method: explainer.about.name, reason: "\(error)")
        }
        let smoothed = self.model as? Smoothed
        let plane = try explained(by: smoothed?.smoothing(model) ?? model)
          .map.plane(of: map.size)
        planes.append(plane.isFinite && plane.range.low < plane.range.high ? plane : nil)
      }
      return RandomizedMaps(planes: planes)
    }
  }
}
