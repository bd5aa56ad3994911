import Kernels
import Tensors

/// A pass of a smoothed classifier over one picture.
struct SmoothedPass: RecordedPass {
  private let model: Smoothed
  private let picture: Tensor
  private let references: Tensor?
  private let request: TraceRequest
  private let values: [LayerName: Tensor]
  private let referenceValues: [LayerName: Tensor]

  init(
    _ model: Smoothed, _ picture: Tensor, against references: Tensor?, for request: TraceRequest
  ) {
    self.model = model
    self.picture = picture
    self.references = references
    self.request = request
    let means = request.reading.reduce(into: [LayerName: CopyMean]()) {
      $0[$1] = CopyMean(model.mean(of: $1))
    }
    var (values, referenceValues) = (means, request.compares ? means : [:])
    if !means.isEmpty {
      let reading = TraceRequest(
        reading: request.reading, rule: request.rule, compares: request.compares)
      model.forEachPass { numbers in
        let trace = model.base.trace(
          model.copies(numbers, of: picture),
          against: references.map { model.copies(numbers, of: $0) }, for: reading)
        for layer in request.reading {
          values[layer]?.add(trace[layer])
          if request.compares { referenceValues[layer]?.add(trace[reference: layer]) }
        }
      }
    }
    self.values = values.mapValues(\.value)
    self.referenceValues = referenceValues.mapValues(\.value)
  }

  var batch: Int { 1 }

  func value(of layer: LayerName) -> Tensor { Self.known(layer, in: values) }
  func reference(of layer: LayerName) -> Tensor { Self.known(layer, in: referenceValues) }
  func update(of parameter: ParameterName) -> Tensor? { nil }
  func end() {}

  func addGradients(weights: [Float], to sum: inout WeightedSum) {
    preconditionFailure("a smoothed classifier adds no gradients up")
  }

  func sweep(_ seeds: [LayerName: Tensor]) -> Gradients {
    let transformed = seeds.keys.filter { model.mean(of: $0) == .probabilities }
    let sweeping = TraceRequest(
      reading: Set(transformed), seeding: request.seeding, gradients: request.gradients,
      rule: request.rule, compares: request.compares)
    var means = request.gradients.reduce(into: [LayerName: CopyMean]()) {
      $0[$1] = CopyMean(.logits)
    }
    model.forEachPass { numbers in
      let trace = model.base.trace(
        model.copies(numbers, of: picture),
        against: references.map { model.copies(numbers, of: $0) }, for: sweeping)
      var copies = seeds.mapValues { $0.repeated(numbers.count) }
      for layer in transformed {
        guard let seed = seeds[layer] else { continue }
        let (logits, means) = (trace[layer], value(of: layer).scalars)
        copies[layer] = Tensor(
          (0..<numbers.count).flatMap { item in
            CopyMean.seeds(seed.scalars, atCopy: logits.item(item).scalars, logMeans: means)
          }, shape: logits.shape)
      }
      let gradients = trace.gradients(seeding: copies)
      for layer in request.gradients {
        if let gradient = gradients[layer] { means[layer]?.add(gradient) }
      }
    }
    return Gradients(layers: means.mapValues(\.value), parameters: [:])
  }

  private static func known(_ layer: LayerName, in values: [LayerName: Tensor]) -> Tensor {
    guard let value = values[layer] else {
      preconditionFailure("the request does not read '\(layer)'")
    }
    return value
  }
}
