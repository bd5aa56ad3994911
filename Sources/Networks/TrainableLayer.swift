public import Tensors

/// A layer whose parameters can be trained.
public protocol TrainableLayer: Layer {
  /// What each of `parameters` is.
  var roles: [ParameterRole] { get }

  /// The same layer with other values, in the order of `parameters`. Throws unless they have the same
  /// shapes.
  func with(parameters: [Tensor]) throws(LayerError) -> any Layer
}

/// What a parameter of a layer does, as far as training treats it differently.
public enum ParameterRole: String, Sendable, Hashable, Codable {
  /// A factor between inputs and outputs: what weight decay is for.
  case weight
  /// Added to outputs.
  case bias
  /// A factor for elements or channels, such as the slope of a rectifier below zero.
  case scale
  /// Factor or shift of what was normalised.
  case normalization
  /// Follows the data rather than a gradient, such as a running mean.
  case statistic

  /// Whether weight decay applies.
  public var decays: Bool { self == .weight }
}

extension Convolution2D: TrainableLayer {
  public var roles: [ParameterRole] { bias == nil ? [.weight] : [.weight, .bias] }

  public func with(parameters: [Tensor]) throws(LayerError) -> any Layer {
    try check(parameters)
    return try Convolution2D(
      weights: parameters[0], bias: parameters.dropFirst().first, window: window, groups: groups)
  }
}

extension TransposedConvolution2D: TrainableLayer {
  public var roles: [ParameterRole] { bias == nil ? [.weight] : [.weight, .bias] }

  public func with(parameters: [Tensor]) throws(LayerError) -> any Layer {
    try check(parameters)
    return try TransposedConvolution2D(
      weights: parameters[0], bias: parameters.dropFirst().first, window: window, groups: groups,
      extraRows: extraRows, extraColumns: extraColumns)
  }
}

extension Dense: TrainableLayer {
  public var roles: [ParameterRole] { bias == nil ? [.weight] : [.weight, .bias] }

  public func with(parameters: [Tensor]) throws(LayerError) -> any Layer {
    try check(parameters)
    return try Dense(
      weights: parameters[0], bias: parameters.dropFirst().first, transposed: transposed)
  }
}

extension BatchNormalization: TrainableLayer {
  public var roles: [ParameterRole] {
    [.normalization, .normalization, .statistic, .statistic]
  }

  public func with(parameters: [Tensor]) throws(LayerError) -> any Layer {
    try check(parameters)
    return try BatchNormalization(
      gamma: parameters[0], beta: parameters[1], mean: parameters[2], variance: parameters[3],
      epsilon: epsilon, momentum: momentum)
  }
}

extension LayerNormalization: TrainableLayer {
  public var roles: [ParameterRole] { parameters.map { _ in .normalization } }

  public func with(parameters: [Tensor]) throws(LayerError) -> any Layer {
    try check(parameters)
    return LayerNormalization(
      scale: parameters[0], shift: parameters.dropFirst().first, axis: axis, epsilon: epsilon)
  }
}

extension GroupNormalization: TrainableLayer {
  public var roles: [ParameterRole] { [.normalization, .normalization] }

  public func with(parameters: [Tensor]) throws(LayerError) -> any Layer {
    try check(parameters)
    return try GroupNormalization(
      scale: parameters[0], shift: parameters[1], groups: groups, epsilon: epsilon)
  }
}

extension InstanceNormalization: TrainableLayer {
  public var roles: [ParameterRole] { [.normalization, .normalization] }

  public func with(parameters: [Tensor]) throws(LayerError) -> any Layer {
    try check(parameters)
    return try InstanceNormalization(
      scale: parameters[0], shift: parameters[1], epsilon: epsilon)
  }
}

extension TrainableLayer {
  func check(_ others: [Tensor]) throws(LayerError) {
    guard others.map(\.shape) == parameters.map(\.shape) else {
      throw LayerError(
        "has parameters \(parameters.map(\.shape)), not \(others.map(\.shape))")
    }
  }
}
