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
  /// How rectifiers carry cotangents.
  public var rule: BackwardRule
  /// `many` keeps what the sweep reads, at the cost of memory.
  public var sweeps: Sweeps

  public init(
    reading: Set<LayerName> = [.logits], seeding: Set<LayerName> = [],
    gradients: Set<LayerName> = [], rule: BackwardRule = .exact, sweeps: Sweeps = .once
  ) {
    self.reading = reading
    self.seeding = seeding
    self.gradients = gradients
    self.rule = rule
    self.sweeps = sweeps
  }
}
