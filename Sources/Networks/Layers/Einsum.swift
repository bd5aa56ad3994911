import Tensors

/// Sums of products, as Einstein's notation spells them: one input with its axes summed and put in
/// another order, or the product of two, all in terms of `ReduceSum`, `Transpose`, `Reshape` and
/// `MatMul`.
enum Einsum: ONNXOperator {
  static let onnxKinds = ["Einsum"]

  static func read(_ node: ONNXNode) throws(LayerError) -> ONNXReading {
    guard let text = try node.string("equation") else {
      throw LayerError("its equation is missing")
    }
    guard (1...2).contains(node.inputs.count) else {
      throw LayerError("takes \(node.inputs.count) inputs; one or two can be multiplied")
    }
    var values: [ONNXValue] = []
    for index in node.inputs.indices { values.append(try node.input(index)) }
    let equation = try EinsumEquation(text, ranks: values.map(\.shape.rank))
    var terms = zip(values, equation.inputs).map { Term($0, labels: $1) }
    // What depends on the picture goes first, where its batch stays in front.
    if terms.count == 2, case .constant = values[0] { terms.swapAt(0, 1) }
    let result: Term
    if terms.count == 2 {
      result = try terms[0].multiplied(by: terms[1], keeping: equation.output)
    } else {
      result = terms[0].summed { !equation.output.contains($0) }
    }
    return result.ordered(by: equation.output).reading
  }
}

/// An array on its way through an equation, with the labels of its axes.
private struct Term {
  var reading: ONNXReading
  var labels: [EinsumEquation.Label]
  /// For one picture.
  var extents: [Int]

  init(_ value: ONNXValue, labels: [EinsumEquation.Label]) {
    reading = .same(value)
    self.labels = labels
    extents = value.shape.extents
  }

  func extent(_ label: EinsumEquation.Label) -> Int {
    labels.firstIndex(of: label).map { extents[$0] } ?? 1
  }

  private mutating func append(_ layer: any Layer) { reading = .joined([layer], of: [reading]) }

  func summed(over isSummed: (EinsumEquation.Label) -> Bool) -> Term {
    let axes = labels.indices.filter { isSummed(labels[$0]) }
    guard !axes.isEmpty else { return self }
    var result = self
    result.append(ReduceSum(axes: axes, keepsAxes: false))
    let rest = labels.indices.filter { !axes.contains($0) }
    result.labels = rest.map { labels[$0] }
    result.extents = rest.map { extents[$0] }
    return result
  }

  /// The same axes in another order.
  func ordered(by order: [EinsumEquation.Label]) -> Term {
    guard order != labels else { return self }
    let axes = order.compactMap { labels.firstIndex(of: $0) }
    var result = self
    result.append(Transpose(order: axes))
    result.labels = order
    result.extents = axes.map { extents[$0] }
    return result
  }

  private func reshaped(to extents: [Int]) -> Term {
    guard extents != self.extents else { return self }
    var result = self
    result.append(Reshape(from: Shape(self.extents), to: Shape(extents)))
    result.extents = extents
    return result
  }

  func multiplied(
    by other: Term, keeping output: [EinsumEquation.Label]
  ) throws(LayerError) -> Term {
    // What only one of them has and the result has not can be summed at once.
    let first = summed { !other.labels.contains($0) && !output.contains($0) }
    let second = other.summed { !labels.contains($0) && !output.contains($0) }
    let shared = first.labels.filter(second.labels.contains)
    for label in shared where first.extent(label) != second.extent(label) {
      // Axes behind an ellipsis are broadcast.
      guard label.isHidden, output.contains(label),
        first.extent(label) == 1 || second.extent(label) == 1
      else { throw LayerError("the extents of '\(label)' differ in its inputs") }
    }
    // In each, the places, then what one of them has alone, and what is summed.
    let places = shared.filter(output.contains)
    let sums = shared.filter { !output.contains($0) }
    let left = first.labels.filter { !shared.contains($0) }
    let right = second.labels.filter { !shared.contains($0) }
    let depth = sums.reduce(1) { $0 * first.extent($1) }
    // All but the last of the left axes stay as they are, so that a batch in front does.
    let rows = left.dropLast()
    let a = first.ordered(by: places + left + sums).reshaped(
      to: (places + rows).map(first.extent) + [left.last.map(first.extent) ?? 1, depth])
    let b = second.ordered(by: places + sums + right).reshaped(
      to: places.map(second.extent) + rows.map { _ in 1 }
        + [depth, right.reduce(1) { $0 * second.extent($1) }])
    var result = a
    result.reading = .joined([MatMul()], of: [a.reading, b.reading])
    result.extents =
      places.map { max(first.extent($0), second.extent($0)) } + a.extents.dropFirst(places.count)
    result.extents[result.extents.count - 1] = b.extents.last ?? 1
    result = result.reshaped(
      to: result.extents.prefix(places.count) + left.map(first.extent)
        + right.map(second.extent))
    result.labels = places + left + right
    return result
  }
}

/// Which axes of inputs and output are the same, as in `bij,bjk->bik`.
private struct EinsumEquation {
  /// A letter, or the axis of an ellipsis that is so many from the end.
  enum Label: Hashable, CustomStringConvertible {
    case letter(Character)
    case hidden(Int)

    var isHidden: Bool { if case .hidden = self { true } else { false } }
    var description: String { if case .letter(let letter) = self { "\(letter)" } else { "..." } }
  }

  let inputs: [[Label]]
  let output: [Label]

  init(_ text: String, ranks: [Int]) throws(LayerError) {
    let bare = text.filter { $0 != " " }
    guard bare.utf8.count <= 256 else { throw LayerError("its equation is too long") }
    let sides = bare.split(separator: "->", omittingEmptySubsequences: false)
    let terms = sides[0].split(separator: ",", omittingEmptySubsequences: false)
    guard sides.count <= 2, terms.count == ranks.count else {
      throw LayerError("equation '\(bare)' does not fit \(ranks.count) inputs")
    }
    var inputs: [[Label]] = []
    for (term, rank) in zip(terms, ranks) {
      inputs.append(try Self.labels(term, hidden: rank - Self.letters(term)))
      guard inputs.last?.count == rank else {
        throw LayerError("'\(term)' does not name \(rank) dimensions")
      }
    }
    let all = inputs.flatMap(\.self)
    let hidden = Set(all.filter(\.isHidden)).count
    if sides.count == 2 {
      output = try Self.labels(sides[1], hidden: hidden)
    } else {
      // Letters that appear once, in their order.
      let once = Dictionary(grouping: all.filter { !$0.isHidden }, by: \.self)
        .filter { $0.value.count == 1 }.keys
      output =
        (0..<hidden).reversed().map { .hidden($0) }
        + once.sorted { $0.description < $1.description }
    }
    guard output.allSatisfy(Set(all).contains) else {
      throw LayerError("equation '\(bare)' makes axes that no input has")
    }
    self.inputs = inputs
  }

  private static func letters(_ term: Substring) -> Int { term.count { $0 != "." } }

  private static func labels(_ term: Substring, hidden: Int) throws(LayerError) -> [Label] {
    let parts = term.split(separator: "...", omittingEmptySubsequences: false)
    guard parts.count <= 2, hidden >= 0,
      parts.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isLetter } })
    else { throw LayerError("'\(term)' does not name the axes of its input") }
    var labels = parts[0].map { Label.letter($0) }
    if parts.count == 2 {
      labels += (0..<hidden).reversed().map { .hidden($0) } + parts[1].map { .letter($0) }
    }
    guard Set(labels).count == labels.count else {
      throw LayerError("'\(term)' names an axis twice; diagonals cannot be read")
    }
    return labels
  }
}
