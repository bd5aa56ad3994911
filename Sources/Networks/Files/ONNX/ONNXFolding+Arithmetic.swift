import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Arithmetic on constants: exact, in 64 bits, where all are whole numbers. What overflows is refused;
/// narrower and unsigned types do not wrap around.
extension ONNXFolding {
  static let arithmetic: [String: Operation] = [
    "Abs": whole { $0 < 0 ? 0.subtractingReportingOverflow($0) : ($0, false) },
    "Add": combining(real: +) { $0.addingReportingOverflow($1) },
    "And": comparing {
      ($0 != 0) && ($1 != 0)
    } whole: {
      ($0 != 0) && ($1 != 0)
    },
    "CumSum": accumulated,
    "Div": combining(real: /) { $0.dividedReportingOverflow(by: $1) },
    "Equal": comparing(==, whole: ==),
    "Greater": comparing({ $0 > $1 }, whole: >),
    "GreaterOrEqual": comparing({ $0 >= $1 }, whole: >=),
    "Less": comparing({ $0 < $1 }, whole: <),
    "LessOrEqual": comparing({ $0 <= $1 }, whole: <=),
    "Max": combining(takesAny: true) { (max($0, $1), false) },
    "Min": combining(takesAny: true) { (min($0, $1), false) },
    "Mod": remainder,
    "Mul": combining(real: *) { $0.multipliedReportingOverflow(by: $1) },
    "Neg": whole { 0.subtractingReportingOverflow($0) },
    "Not": whole { ($0 == 0 ? 1 : 0, false) },
    "Or": comparing {
      ($0 != 0) || ($1 != 0)
    } whole: {
      ($0 != 0) || ($1 != 0)
    },
    "Pow": combining { power($0, $1) },
    "ReduceMax": reducing(from: nil) { (max($0, $1), false) },
    "ReduceMean": mean,
    "ReduceMin": reducing(from: nil) { (min($0, $1), false) },
    "ReduceProd": reducing(from: 1) { $0.multipliedReportingOverflow(by: $1) },
    "ReduceSum": reducing(from: 0) { $0.addingReportingOverflow($1) },
    "Sign": whole { ($0.signum(), false) },
    "Sub": combining(real: -) { $0.subtractingReportingOverflow($1) },
    "Xor": comparing {
      ($0 != 0) != ($1 != 0)
    } whole: {
      ($0 != 0) != ($1 != 0)
    },
  ]

  /// A whole number, and whether it is not to be had.
  typealias Whole = (partialValue: Int, overflow: Bool)

  // MARK: - Element by element

  /// A function of whole numbers; layers compute that of real ones.
  private static func whole(_ function: @escaping @Sendable (Int) -> Whole) -> Operation {
    { (node) throws(LayerError) in
      let source = try node.constant(0, "operands")
      guard let integers = source.integers else { return nil }
      var values: [Int] = []
      values.reserveCapacity(integers.count)
      for integer in integers { values.append(try exact(function(integer))) }
      return ONNXConstant(values, shape: source.shape, name: node.output)
    }
  }

  /// A function of two operands, or of the result so far and the next one where it takes any number.
  /// Layers compute that of real numbers where none is given.
  private static func combining(
    takesAny: Bool = false, real: (@Sendable (Float, Float) -> Float)? = nil,
    whole: @escaping @Sendable (Int, Int) -> Whole
  ) -> Operation {
    { (node) throws(LayerError) in
      guard takesAny || node.inputs.count == 2 else {
        throw LayerError("takes \(node.inputs.count) inputs; two can be combined")
      }
      var result = try node.constant(0, "operands")
      if real == nil {
        for index in node.inputs.indices {
          guard try node.constant(index, "operands").integers != nil else { return nil }
        }
      }
      var work = 0
      for index in node.inputs.indices.dropFirst() {
        work += result.shape.count
        guard work <= ModelLimits.elementCount else {
          throw LayerError("combines more than \(ModelLimits.elementCount) elements")
        }
        result = try combined(
          result, try node.constant(index, "operands"), name: node.output,
          real: real ?? { a, _ in a },
          whole: whole)
      }
      return result
    }
  }

  private static func combined(
    _ a: ONNXConstant, _ b: ONNXConstant, name: String, real: (Float, Float) -> Float,
    whole: (Int, Int) -> Whole
  ) throws(LayerError) -> ONNXConstant {
    let (shape, positions) = try pairs(a, b)
    if let x = a.integers, let y = b.integers {
      var values: [Int] = []
      values.reserveCapacity(shape.count)
      for (i, j) in positions { values.append(try exact(whole(x[i], y[j]))) }
      return ONNXConstant(values, shape: shape, name: name)
    }
    let (x, y) = (a.tensor, b.tensor)
    return ONNXConstant(Tensor(positions.map { real(x[$0], y[$1]) }, shape: shape), name: name)
  }

  /// Truth values, 0 or 1.
  private static func comparing(
    _ real: @escaping @Sendable (Float, Float) -> Bool,
    whole: @escaping @Sendable (Int, Int) -> Bool
  ) -> Operation {
    { (node) throws(LayerError) in
      let (a, b) = (try node.constant(0, "operands"), try node.constant(1, "operands"))
      let (shape, positions) = try pairs(a, b)
      let values: [Bool]
      if let x = a.integers, let y = b.integers {
        values = positions.map { whole(x[$0], y[$1]) }
      } else {
        let (x, y) = (a.tensor, b.tensor)
        values = positions.map { real(x[$0], y[$1]) }
      }
      return ONNXConstant(values.map { $0 ? 1 : 0 }, shape: shape, name: node.output)
    }
  }

  private static func pairs(
    _ a: ONNXConstant, _ b: ONNXConstant
  ) throws(LayerError) -> (Shape, Zip2Sequence<LatticePositions, LatticePositions>) {
    let shape = try checked(try [a.shape, b.shape].broadcastTogether().extents)
    return (
      shape,
      zip(
        LatticePositions(spreading: a.shape, over: shape),
        LatticePositions(spreading: b.shape, over: shape))
    )
  }

  static func exact(_ number: Whole) throws(LayerError) -> Int {
    guard !number.overflow else {
      throw LayerError("whole numbers overflow, or are divided by zero")
    }
    return number.partialValue
  }

  /// By squaring; whole numbers have no inverse.
  private static func power(_ base: Int, _ exponent: Int) -> Whole {
    guard exponent >= 0 else { return (0, true) }
    var result: Whole = (1, false)
    var (square, rest): (Whole, Int) = ((base, false), exponent)
    while rest > 0 {
      if rest & 1 == 1 {
        if square.overflow { return square }
        result = result.partialValue.multipliedReportingOverflow(by: square.partialValue)
        if result.overflow { return result }
      }
      rest >>= 1
      if !square.overflow {
        square = square.partialValue.multipliedReportingOverflow(by: square.partialValue)
      }
    }
    return result
  }

  /// With the divisor's sign, or as C has it with the dividend's.
  private static func remainder(_ node: ONNXNode) throws(LayerError) -> ONNXConstant? {
    let followsDividend = try node.flag("fmod")
    return try combining(real: { a, b in
      let remainder = fmodf(a, b)
      return followsDividend || remainder == 0 || (remainder < 0) == (b < 0)
        ? remainder : remainder + b
    }) { a, b in
      let (remainder, overflow) = a.remainderReportingOverflow(dividingBy: b)
      if overflow || followsDividend || remainder == 0 || (remainder < 0) == (b < 0) {
        return (remainder, overflow)
      }
      return (remainder + b, false)
    }(node)
  }

  // MARK: - Along axes

  /// Whole numbers along axes; layers reduce real ones.
  private static func reducing(
    from start: Int?, _ function: @escaping @Sendable (Int, Int) -> Whole
  ) -> Operation {
    { (node) throws(LayerError) in
      try reduced(node, from: start, function)?.constant
    }
  }

  private static func reduced(
    _ node: ONNXNode, from start: Int?, _ function: (Int, Int) -> Whole
  ) throws(LayerError) -> (constant: ONNXConstant, count: Int)? {
    let source = try node.constant(0, "values")
    guard let integers = source.integers else { return nil }
    let axes = try node.reducedAxes(rank: source.shape.rank)
    let whole = Shape(source.shape.extents.enumerated().map { axes.contains($0) ? 1 : $1 })
    let kept = try node.flag("keepdims", default: true)
    let shape =
      kept
      ? whole
      : Shape(whole.extents.indices.filter { !axes.contains($0) }.map { whole[$0] })
    var results = [Int?](repeating: start, count: shape.count)
    let places = LatticePositions(spreading: whole, over: source.shape)
    for (place, value) in zip(places, integers) {
      results[place] =
        try results[place].map { result throws(LayerError) in
          try exact(function(result, value))
        } ?? value
    }
    let values = results.compactMap(\.self)
    guard values.count == shape.count else { throw LayerError("reduces nothing to a number") }
    let count = axes.reduce(1) { $0 * source.shape[$1] }
    return (ONNXConstant(values, shape: shape, name: node.output), count)
  }

  private static func mean(_ node: ONNXNode) throws(LayerError) -> ONNXConstant? {
    guard let sums = try reduced(node, from: 0, { $0.addingReportingOverflow($1) }),
      let values = sums.constant.integers
    else { return nil }
    guard sums.count > 0 else { throw LayerError("takes the mean of nothing") }
    return ONNXConstant(
      values.map { $0 / sums.count }, shape: sums.constant.shape, name: node.output)
  }

  /// Sums of all that comes before along an axis.
  private static func accumulated(_ node: ONNXNode) throws(LayerError) -> ONNXConstant? {
    let source = try node.constant(0, "values")
    guard let axis = try node.constant(1, "axis").integers, axis.count == 1 else {
      throw LayerError("its axis is no whole number")
    }
    let (excludes, reverses) = (try node.flag("exclusive"), try node.flag("reverse"))
    let front = try node.axis(axis[0], rank: source.shape.rank)
    let (extent, step) = (source.shape[front], source.shape.strides[front])
    // The neighbour whose sum each position continues; nil at the beginning of a line.
    func previous(_ position: Int) -> Int? {
      let place = position / step % extent
      if reverses { return place + 1 < extent ? position + step : nil }
      return place > 0 ? position - step : nil
    }
    let positions = (0..<source.shape.count).lazy.map { index in
      reverses ? source.shape.count - 1 - index : index
    }
    func shifted<T: Numeric>(_ sums: [T]) -> [T] {
      excludes ? sums.indices.map { previous($0).map { sums[$0] } ?? 0 } : sums
    }
    if let integers = source.integers {
      var sums = integers
      for position in positions {
        guard let before = previous(position) else { continue }
        sums[position] = try exact(sums[before].addingReportingOverflow(integers[position]))
      }
      return ONNXConstant(shifted(sums), shape: source.shape, name: node.output)
    }
    var sums = source.tensor.scalars.map { Double($0) }
    for position in positions { sums[position] += previous(position).map { sums[$0] } ?? 0 }
    let values = shifted(sums).map { Float($0) }
    return ONNXConstant(Tensor(values, shape: source.shape), name: node.output)
  }
}
