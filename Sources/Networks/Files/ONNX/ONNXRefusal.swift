/// Why one node of a graph cannot be read.
enum ONNXRefusal {
  /// Nothing here computes its operator.
  case operatorUnknown
  /// Its operator is known, but not what it asks for.
  case reason(String)
}

extension ModelError {
  /// One error for all nodes that cannot be read.
  init(_ refusals: [(index: Int, refusal: ONNXRefusal)], in graph: ONNXGraph) {
    let findings = refusals.map { index, refusal in
      let kind = graph.kind(of: index)
      return switch refusal {
      case .operatorUnknown:
        ModelFinding(
          node: graph.name(of: index), kind: kind, reason: "the operator is not supported",
          advice: ONNXAdvice.on(kind))
      case .reason(let reason):
        ModelFinding(node: graph.name(of: index), kind: kind, reason: reason, advice: nil)
      }
    }
    if findings.count == 1, case .reason(let reason) = refusals[0].refusal {
      self.init(
        .unsupported, "\(graph.title(of: refusals[0].index)): \(reason)", findings: findings)
      return
    }
    let limit = 8
    let counts = Dictionary(grouping: findings, by: \.kind).mapValues(\.count)
    let kinds = counts.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
      .map { "\($0.key) ×\($0.value)" }.joined(separator: ", ")
    let places = zip(refusals, findings).prefix(limit).map { item, finding in
      let title = graph.title(of: item.index)
      return if case .reason(let reason) = item.refusal { "\(title): \(reason)" } else { title }
    }
    let rest =
      findings.count > limit
      ? " and \(findings.count - limit) more ('tidemark inspect MODEL' lists all)" : ""
    let advice = Set(findings.compactMap(\.advice)).sorted().prefix(5)
    self.init(
      .unsupported,
      "uses nodes that cannot be read: \(kinds), at \(places.joined(separator: "; "))\(rest)"
        + (advice.isEmpty ? "" : ". " + advice.joined(separator: ". ")),
      findings: findings)
  }
}

/// What can be done about operators that are not supported.
private enum ONNXAdvice {
  static func on(_ kind: String) -> String {
    for (kinds, advice) in groups where kinds.contains(kind) { return advice }
    if kind.hasPrefix("com.microsoft.") {
      return
        "Operators of com.microsoft come from ONNX Runtime's optimiser: take the model from before "
        + "its optimisation"
    }
    if kind.hasPrefix("ai.onnx.ml.") {
      return "Operators of ai.onnx.ml are no neural network: cut the graph before them"
    }
    if kind.contains(".") {
      return "Operators of other domains are known to their makers alone: export with standard ones"
    }
    return
      "Exporting with operator set 17 or newer, or simplifying the graph, may avoid the operator"
  }

  private static let groups: [(kinds: Set<String>, advice: String)] = [
    (
      ["Loop", "Scan", "SequenceMap"],
      "Control flow comes from scripted models or open sizes: export by tracing, with a fixed picture "
        + "size"
    ),
    (
      [
        "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QLinearConv",
        "QLinearMatMul", "ConvInteger", "MatMulInteger",
      ], "Quantised models have no gradient: take the model from before its quantisation"
    ),
    (
      ["ArgMax", "ArgMin", "TopK", "NonMaxSuppression", "NonZero", "Unique", "OneHot", "Hardmax"],
      "Choosing classes or boxes belongs behind the classifier: cut the graph at the class scores"
    ),
    (
      ["LSTM", "GRU", "RNN"], "Recurrent networks are outside of what is read here"
    ),
    (
      [
        "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli",
        "Multinomial",
      ], "Random numbers belong to training: export the model in inference mode"
    ),
  ]
}
