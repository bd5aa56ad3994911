public import Tensors

/// What stands for "nothing there" in a comparison.
public enum Baseline: String, Sendable, Codable, CaseIterable {
  /// All pixels 0.
  case black
  /// All pixels 1.
  case white

  public init(from decoder: any Decoder) throws {
    let name = try String(from: decoder)
    guard let baseline = Baseline(rawValue: name) else {
      let names = Self.allCases.map(\.rawValue).joined(separator: " and ")
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "there are \(names)"))
    }
    self = baseline
  }

  /// The baseline for an input, of the same shape `[1, C, H, W]`.
  public func tensor(for input: Tensor) -> Tensor {
    switch self {
    case .black: Tensor(zeros: input.shape)
    case .white: Tensor(repeating: 1, shape: input.shape)
    }
  }
}
