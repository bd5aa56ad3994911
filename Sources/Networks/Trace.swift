public import Kernels
public import Tensors

/// One recorded forward pass, and the reverse sweep over it.
///
/// A trace owns the memory of its pass until it goes out of scope, and hands it back for the next
/// one. It cannot be copied. Only what the request named can be asked; anything else traps, since it
/// is a mistake in the caller.
public struct Trace: ~Copyable {
  private let pass: any RecordedPass

  init(_ pass: any RecordedPass) { self.pass = pass }

  deinit { pass.end() }

  /// Pictures in the pass.
  public var batch: Int { pass.batch }

  /// The value of a layer, `[N, …]`. Traps unless the request lists it under `reading`.
  public subscript(layer: LayerName) -> Tensor { pass.value(of: layer) }

  /// The value of a layer in the pass that this one is compared with, `[N, …]`. Traps unless the
  /// request compares, and lists the layer under `reading`.
  public subscript(reference layer: LayerName) -> Tensor { pass.reference(of: layer) }

  /// The new value that a pass in training gives to a parameter that no gradient trains, such as a
  /// running mean; nil for any other.
  public func update(of parameter: ParameterName) -> Tensor? { pass.update(of: parameter) }

  /// Gradients of Σ ⟨seed, layer⟩ at all layers of the request's `gradients`, and for the parameters
  /// of all layers of its `parameters`.
  ///
  /// A seed has its layer's shape `[N, …]`; a seeded layer that is left out counts as zero. Traps on a
  /// second call unless the request allows many sweeps.
  public func gradients(seeding seeds: [LayerName: Tensor]) -> Gradients {
    pass.sweep(seeds)
  }

  /// Runs the sweep of `gradients(seeding:)`, and adds the gradient of each picture at the request's
  /// `summing` layer, times the picture's weight, to a sum. Traps unless there is such a layer, and a
  /// weight for each picture.
  public func addGradients(
    seeding seeds: [LayerName: Tensor], weights: [Float], to sum: inout WeightedSum
  ) {
    _ = pass.sweep(seeds)
    pass.addGradients(weights: weights, to: &sum)
  }

  /// The gradient at one layer; otherwise as `gradients(seeding:)`.
  public func gradient(
    seeding seeds: [LayerName: Tensor], at layer: LayerName = .input
  ) -> Tensor {
    guard let gradient = pass.sweep(seeds)[layer] else {
      preconditionFailure("the request lists no gradient at '\(layer)'")
    }
    return gradient
  }
}

/// What a trace shows: a forward pass that was run, and the sweeps over it.
protocol RecordedPass {
  var batch: Int { get }
  func value(of layer: LayerName) -> Tensor
  func reference(of layer: LayerName) -> Tensor
  func update(of parameter: ParameterName) -> Tensor?
  func sweep(_ seeds: [LayerName: Tensor]) -> Gradients
  func addGradients(weights: [Float], to sum: inout WeightedSum)
  /// Nothing will be asked any more.
  func end()
}

/// What a reverse sweep found.
public struct Gradients: Sendable, Equatable {
  /// At the layers of the request's `gradients`, each with its layer's shape `[N, …]`.
  public let layers: [LayerName: Tensor]
  /// For each layer of the request's `parameters`, one for each of `Layer.parameters` with its shape;
  /// zero for those that no gradient trains.
  public let parameters: [LayerName: [Tensor]]

  /// The gradient at a layer; nil where the request lists none.
  public subscript(layer: LayerName) -> Tensor? { layers[layer] }
}
