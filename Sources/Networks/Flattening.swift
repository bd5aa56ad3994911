#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// By what the arguments of a network's saturating activations are divided.
public struct Flattening: Sendable, Hashable {
  /// One for each of `RelaxableClassifier.saturatingLayers`, 1 or more.
  public let factors: [Float]

  public init(factors: [Float]) { self.factors = factors }

  /// Whether all stays as it is.
  public var isNone: Bool { factors.allSatisfy { $0 == 1 } }

  /// A share of the way from nothing, 0, to this, 1, on which all factors grow by equal ratios.
  public func eased(to share: Float) -> Flattening {
    Flattening(factors: factors.map { powf($0, share) })
  }
}
