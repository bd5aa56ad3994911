public import Networks
public import Tensors

/// A method that weighs the maps of a layer by the objective's gradient there.
public protocol ActivationExplainer: Explainer<any DifferentiableClassifier> {
  /// Whose maps are weighed.
  var layer: LayerChoice { get set }

  /// The map `[1, h, w]`, zero or more.
  func map(of evidence: LayerEvidence) -> Tensor
}

extension ActivationExplainer {
  /// One forward and one backward pass.
  public func explain(
    _ question: Question, using model: any DifferentiableClassifier
  ) throws(ExplainerError) -> Explanation {
    let evidence = try LayerEvidence(of: question, at: layer, using: model, for: Self.about.name)
    return Explanation(
      map: AttributionMap(map(of: evidence), sign: .magnitude),
      diagnostics: Diagnostics(
        values: ["objective": evidence.objective], notes: ["layer": evidence.layer.description],
        forwardPasses: 1, backwardPasses: 1))
  }
}

/// A layer's maps and the objective's gradient there: what class activation methods are made of.
public struct LayerEvidence {
  public let layer: LayerName
  /// `[1, C, h, w]`
  public let activations: Tensor
  /// `[1, C, h, w]`
  public let gradient: Tensor
  /// The objective's value.
  public let objective: Double

  static let parameters = [
    "layer": "a layer with positions, or auto: the last one before the classifier's head"
  ]

  /// One forward and one backward pass.
  init(
    of question: Question, at choice: LayerChoice, using model: any DifferentiableClassifier,
    for method: String
  ) throws(ExplainerError) {
    layer = try model.activationLayer(choice, for: method).name
    let objective = question.objective
    let request = TraceRequest(
      reading: objective.layers.union([layer]), seeding: objective.layers, gradients: [layer])
    let trace = model.trace(question.subject.input, for: request)
    let (values, seeds) = objective.evaluate(trace)
    self.objective = Double(values[0])
    activations = trace[layer]
    gradient = trace.gradient(seeding: seeds, at: layer)
  }

  /// A channel's maps, `[h · w]` each.
  struct Channel {
    let activations: UnsafeBufferPointer<Float>.SubSequence
    let gradient: UnsafeBufferPointer<Float>.SubSequence
  }

  /// max(0, Σ_c w_c·A_c), `[1, h, w]`, with one weight for a channel.
  func map(weighing weight: (Channel) -> Double) -> Tensor {
    map { channel, sums in
      let weight = Float(weight(channel))
      for (position, value) in channel.activations.enumerated() { sums[position] += weight * value }
    }
  }

  /// max(0, Σ_c) of what each channel adds to the positions, `[1, h, w]`.
  func map(adding add: (Channel, inout [Float]) -> Void) -> Tensor {
    let (channels, height, width) = (
      activations.shape[1], activations.shape[2], activations.shape[3]
    )
    let plane = height * width
    var sums = [Float](repeating: 0, count: plane)
    activations.withScalars { a in
      gradient.withScalars { g in
        for channel in 0..<channels {
          let range = channel * plane..<(channel + 1) * plane
          add(Channel(activations: a[range], gradient: g[range]), &sums)
        }
      }
    }
    return Tensor(sums.map { max($0, 0) }, shape: [1, height, width])
  }
}
