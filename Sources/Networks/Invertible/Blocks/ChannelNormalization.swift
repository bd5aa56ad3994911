import Kernels
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// y = eᵃ · x + b for each channel of `[N, C, …]`, or the inverse x = e⁻ᵃ · (y − b); a and b are trained.
///
/// The exponential keeps the factor from reaching 0 on any way that training takes.
struct ChannelNormalization: Layer {
  static let kind = "ChannelNormalization"

  /// a, `[C]`
  let logScale: Tensor
  /// b, `[C]`
  let shift: Tensor
  let isInverse: Bool

  /// Throws when the lengths differ.
  init(logScale: Tensor, shift: Tensor, isInverse: Bool = false) throws(LayerError) {
    guard logScale.shape.rank == 1, shift.shape == logScale.shape else {
      throw LayerError("\(logScale.shape) factors and \(shift.shape) shifts do not go together")
    }
    self.logScale = logScale
    self.shift = shift
    self.isInverse = isInverse
  }

  var inverted: ChannelNormalization {
    get throws(LayerError) {
      try ChannelNormalization(logScale: logScale, shift: shift, isInverse: !isInverse)
    }
  }

  /// The same as factors and shifts, y = scale · x + shift, in double precision before rounding.
  var folded: (scale: Tensor, shift: Tensor) {
    let sign = isInverse ? -1.0 : 1.0
    let factors = logScale.scalars.map { exp(sign * Double($0)) }
    let shifts = zip(shift.scalars, factors).map { isInverse ? -Double($0) * $1 : Double($0) }
    return (
      Tensor(factors.map { Float($0) }, shape: logScale.shape),
      Tensor(shifts.map { Float($0) }, shape: logScale.shape)
    )
  }

  var parameters: [Tensor] { [logScale, shift] }
  func isAffine(inInput index: Int) -> Bool { true }
  func operations(inputs: [Shape], output: Shape) -> Int { 2 * output.count }

  func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape {
    let input = try inputs.only()
    guard input.rank >= 2, input[1] == logScale.count else {
      throw LayerError("expects \(logScale.count) channels, found \(input)")
    }
    return input
  }

  private var order: [Int] { Array(0..<logScale.count) }

  func forward(_ site: Site, into plan: inout PlanBuilder) {
    let (scale, shift) = affine(site, into: &plan)
    plan.save(scale, for: site)
    plan.emit(
      ChannelAffine(
        input: site.inputs[0], scale: scale, shift: shift, output: site.output, order: order))
  }

  private func affine(
    _ site: Site, into plan: inout PlanBuilder
  ) -> (scale: Operand, shift: Operand) {
    if site.parameters.allSatisfy(\.isConstant) {
      let (scale, shift) = folded
      return (plan.makeParameter(scale), plan.makeParameter(shift))
    }
    func mapped(_ input: Operand, _ function: some ScalarFunction) -> Operand {
      let output = plan.makeSlot(input.shape)
      plan.emit(Map(input: input, output: output, function: function))
      return output
    }
    let (logScale, shift) = (site.parameters[0], site.parameters[1])
    guard isInverse else { return (mapped(logScale, Exponential()), shift) }
    let scale = mapped(mapped(logScale, FixedFactor(-1)), Exponential())
    let product = plan.makeSlot(shift.shape)
    plan.emit(Broadcast<Product>(first: shift, second: scale, output: product))
    return (scale, mapped(product, FixedFactor(-1)))
  }

  func backward(_ site: Site, into plan: inout PlanBuilder) {
    let cotangent = plan.cotangent(of: site)
    plan.contribute(to: 0, of: site) { target, accumulates in
      ChannelAffinePullback(
        outputCotangent: cotangent, scale: site.saved[0], inputCotangent: target, order: order,
        accumulates: accumulates)
    }
    guard plan.wantsParameters(of: site) else { return }
    precondition(!isInverse, "an inverse has no gradient at its parameters")
    // ∂y/∂a = eᵃ x
    let products = plan.makeSlot(logScale.shape)
    plan.emit(
      ChannelDot(
        first: cotangent, second: site.inputs[0], output: products, order: order,
        accumulates: false))
    if let target = plan.claimCotangent(ofParameter: 0, of: site) {
      plan.emit(Broadcast<Product>(first: products, second: site.saved[0], output: target))
    }
    plan.contribute(toParameter: 1, of: site) { target, accumulates in
      ChannelSum(input: cotangent, output: target, accumulates: accumulates)
    }
  }
}

extension ChannelNormalization: TrainableLayer {
  var roles: [ParameterRole] { [.normalization, .normalization] }

  func with(parameters: [Tensor]) throws(LayerError) -> any Layer {
    try check(parameters)
    return try ChannelNormalization(
      logScale: parameters[0], shift: parameters[1], isInverse: isInverse)
  }
}

extension ChannelNormalization: ONNXWritable {
  /// As factors and shifts, which files know.
  func write(_ site: ONNXSite, to file: inout ONNXWriter) throws(LayerError) {
    let (scale, shift) = folded
    try ScaleChannels(scale: scale, shift: shift).write(site, to: &file)
  }
}
