/// Whether a measure tells the best method from the best control, on the pictures at hand.
///
/// Both are the best by their means over the pictures that they have values for. They were chosen
/// by the same pictures that they are compared on, which favours either: a separation just outside
/// of zero is weak evidence where there are many methods or few controls.
public struct Separation: Sendable, Equatable, Codable {
  public let measure: String
  public let method: String
  public let control: String
  /// Over all pictures with a value.
  public let methodMean: Interval
  public let controlMean: Interval
  /// Method less control over the pictures where both have a value; nil for fewer than two.
  public let difference: Interval?
  /// Whether the difference's interval excludes zero in the method's favour.
  public let isSeparated: Bool

  /// Nil for a measure that does not judge, and where no method or no control has two values.
  ///
  /// - Parameters:
  ///   - methods: for each method by name, a value for each picture, in one order.
  ///   - controls: the same for controls.
  public init?(
    of measure: MeasureDescription, methods: [String: [Double?]], controls: [String: [Double?]],
    by bootstrap: PairedBootstrap = PairedBootstrap()
  ) {
    let sign: Double
    switch measure.better {
    case .higher: sign = 1
    case .lower: sign = -1
    case .neither: return nil
    }
    /// Names decide between equals, so that the order of a dictionary does not.
    func best(_ candidates: [String: [Double?]]) -> String? {
      candidates.compactMap { name, values -> (merit: Double, name: String)? in
        let known = values.compactMap(\.self)
        guard known.count >= 2 else { return nil }
        return (sign * known.reduce(0, +) / Double(known.count), name)
      }.min { ($1.merit, $0.name) < ($0.merit, $1.name) }?.name
    }
    guard let method = best(methods), let control = best(controls),
      let methodValues = methods[method], let controlValues = controls[control],
      let methodMean = bootstrap.mean(of: methodValues),
      let controlMean = bootstrap.mean(of: controlValues)
    else { return nil }
    self.measure = measure.name
    self.method = method
    self.control = control
    self.methodMean = methodMean
    self.controlMean = controlMean
    difference = bootstrap.difference(of: methodValues, and: controlValues)
    isSeparated = difference.map { sign > 0 ? $0.lower > 0 : $0.upper < 0 } ?? false
  }
}
