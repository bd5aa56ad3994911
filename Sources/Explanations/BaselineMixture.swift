public import Tensors

/// Baselines over which a map is averaged, such as `black+white+noise`.
public struct BaselineMixture: Sendable, Hashable, Codable {
  /// At least one.
  public let baselines: [Baseline]

  public init(_ baselines: Baseline...) {
    precondition(!baselines.isEmpty, "a mixture of no baselines")
    self.baselines = baselines
  }

  public init(from decoder: any Decoder) throws {
    let text = try String(from: decoder)
    baselines = try text.split(separator: "+", omittingEmptySubsequences: false).map { name in
      guard let baseline = Baseline(rawValue: String(name)) else {
        throw DecodingError.dataCorrupted(
          .init(
            codingPath: decoder.codingPath,
            debugDescription: "there are \(Baseline.names), and sums of them such as black+white"))
      }
      return baseline
    }
  }

  public func encode(to encoder: any Encoder) throws {
    try baselines.map(\.rawValue).joined(separator: "+").encode(to: encoder)
  }

  /// All baselines for an input, `[1, C, H, W]` each, with as many pictures of noise as `draws`.
  public func tensors(for input: Tensor, seed: UInt64, draws: Int) -> [Tensor] {
    baselines.flatMap { baseline in
      (0..<(baseline == .noise ? draws : 1)).map {
        baseline.tensor(for: input, seed: seed, draw: $0)
      }
    }
  }
}
