public import Kernels

/// What a pass through a network is for. A plan computes this and nothing else.
public struct TraceRequest: Sendable, Hashable {
  /// How often the reverse sweep may run over one forward pass.
  public enum Sweeps: Sendable, Hashable { case once, many }

  /// Layers whose values are read.
  public var reading: Set<LayerName>
  /// Layers at which cotangents are seeded; none for a forward pass.
  public var seeding: Set<LayerName>
  /// Layers at which the gradient is read.
  public var gradients: Set<LayerName>
  /// A layer at which gradients are only added up over the pictures, by `Trace.addGradients`; none
  /// of `gradients`.
  public var summing: LayerName?
  /// Layers whose parameters' gradients are read, summed over the batch.
  public var parameters: Set<LayerName>
  /// Whether layers compute as a trained network does or as one in training.
  public var phase: Phase
  /// How rectifiers carry cotangents.
  public var rule: BackwardRule
  /// `many` keeps what the sweep reads, at the cost of memory.
  public var sweeps: Sweeps
  /// Whether each picture is compared with a reference of its own: both go forward, and cotangents come
  /// back by the finite slopes between them (`Rescaling`) in place of derivatives. For inference, the
  /// exact rule and no parameters.
  public var compares: Bool

  public init(
    reading: Set<LayerName> = [.logits], seeding: Set<LayerName> = [],
    gradients: Set<LayerName> = [], summing: LayerName? = nil, parameters: Set<LayerName> = [],
    phase: Phase = .inference, rule: BackwardRule = .exact, sweeps: Sweeps = .once,
    compares: Bool = false
  ) {
    self.reading = reading
    self.seeding = seeding
    self.gradients = gradients
    self.summing = summing
    self.parameters = parameters
    self.phase = phase
    self.rule = rule
    self.sweeps = sweeps
    self.compares = compares
  }
}

/// How layers compute that behave otherwise while a network is trained.
public enum Phase: String, Sendable, Hashable, Codable {
  /// With fixed statistics: each picture by itself.
  case inference
  /// With the statistics of the batch, which mixes its pictures.
  case training
}

/// One trained value of a layer: its place in `Layer.parameters`.
public struct ParameterName: Sendable, Hashable, Comparable {
  public let layer: LayerName
  public let index: Int

  public init(_ layer: LayerName, _ index: Int) {
    self.layer = layer
    self.index = index
  }

  public static func < (a: ParameterName, b: ParameterName) -> Bool {
    (a.layer, a.index) < (b.layer, b.index)
  }
}
