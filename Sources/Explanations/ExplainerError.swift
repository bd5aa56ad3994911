/// Why a method cannot answer.
public enum ExplainerError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The model lacks what the method needs.
  case unsuitableModel(method: String, needs: String)
  /// A parameter outside its range.
  case invalidParameter(method: String, parameter: String, reason: String)
  /// An option that the method does not have, or a value of another type.
  case option(method: String, reason: String)
  /// A layer that the network does not have, or that the method cannot use.
  case layer(method: String, reason: String)
  /// A number that is not finite came out.
  case nonFinite(method: String, where: String)

  public var description: String {
    switch self {
    case .unsuitableModel(let method, let needs):
      "\(method) needs \(needs), which this model does not offer"
    case .invalidParameter(let method, let parameter, let reason):
      "\(method): \(parameter) \(reason)"
    case .option(let method, let reason), .layer(let method, let reason):
      "\(method): \(reason)"
    case .nonFinite(let method, let place):
      "\(method): \(place) is not finite; the picture or the network drives values out of range"
    }
  }
}
