/// The nodes of a model, all in one list: bodies of the functions that the model defines stand in place
/// of their calls, and both branches of an `If` in front of it.
///
/// What comes from within has the name of the call before its own. An `If` reads its condition, then
/// the outputs of its first branch, then those of its second.
struct ONNXInlining {
  private(set) var nodes: [Node] = []
  private let functions: [Operator: ONNXFunctionProto]
  private var values: UniqueNames
  private var prefixes = UniqueNames()
  /// Nodes looked at, and bytes of the names (and numbers) that they were given: a few functions that call each other can
  /// ask for more than any memory holds.
  private var (nodeCount, byteCount) = (0, 0)

  /// A node, with the version of the operator set that it is written in.
  struct Node {
    let proto: ONNXNodeProto
    let opset: Int
  }

  init(_ model: ONNXModelProto, opset: Int) throws(ModelError) {
    functions = Dictionary(
      model.functions.map { (Operator($0), $0) }, uniquingKeysWith: { first, _ in first })
    guard functions.count == model.functions.count else {
      throw ModelError(.malformed, "defines a function twice")
    }
    values = UniqueNames(model.graph.node.flatMap(\.output))
    for tensor in model.graph.initializer { values.reserve(tensor.name) }
    for input in model.graph.input { values.reserve(input.name) }
    try place(model.graph.node, in: Scope(opset: opset))
  }

  /// What a function is called by.
  private struct Operator: Hashable {
    let domain: String
    let name: String
    let overload: String

    init(_ function: ONNXFunctionProto) {
      domain = function.domain.isONNX ? "" : function.domain
      name = function.name
      overload = function.overload
    }

    init(_ node: ONNXNodeProto) {
      domain = node.domain.isONNX ? "" : node.domain
      name = node.opType
      overload = node.overload
    }
  }

  /// Where nodes stand.
  private struct Scope {
    /// What their names begin with; empty in the graph itself.
    var prefix = ""
    /// What the names of values here are called in the list, by the graphs around them, the innermost
    /// last.
    var names: [[String: String]] = []
    /// Whether other names are those of the graph.
    var seesGraph = true
    /// What the call gives for attributes, where this is a function.
    var attributes: [String: ONNXAttributeProto]?
    var opset: Int
    /// The functions that this is part of.
    var calls: Set<Operator> = []
    /// Functions and branches around this.
    var depth = 0

    /// A name of the list; empty where an optional input was left out.
    func resolved(_ name: String) -> String? {
      if name.isEmpty { return name }
      for names in names.reversed() { if let found = names[name] { return found } }
      return seesGraph ? name : nil
    }
  }

  // MARK: - Nodes

  private mutating func place(
    _ protos: [ONNXNodeProto], in scope: Scope
  ) throws(ModelError) {
    for proto in protos {
      nodeCount += 1
      guard nodeCount <= ModelLimits.nodeCount else {
        throw ModelError(
          .limit,
          "has more than \(ModelLimits.nodeCount) nodes where its functions and branches are written "
            + "out")
      }
      let node = try renamed(proto, in: scope)
      if let function = functions[Operator(node)] {
        try write(function, for: node, in: scope)
      } else if node.opType == "If" && node.domain.isONNX {
        try writeBranches(of: node, in: scope)
      } else {
        nodes.append(Node(proto: node, opset: scope.opset))
      }
    }
  }

  /// A node under the names of the list, with the attributes that the call gives.
  private mutating func renamed(
    _ proto: ONNXNodeProto, in scope: Scope
  ) throws(ModelError) -> ONNXNodeProto {
    var node = proto
    if scope.depth > 0 {
      try count(attributesOf: node.attribute)
      if !node.name.isEmpty { node.name = "\(scope.prefix)/\(node.name)" }
      for index in node.input.indices {
        guard let name = scope.resolved(node.input[index]) else {
          throw Self.unfit(
            proto, "reads '\(node.input[index])', which nothing in the function produces")
        }
        node.input[index] = try counted(name)
      }
      for index in node.output.indices {
        node.output[index] = try counted(scope.resolved(node.output[index]) ?? "")
      }
    }
    guard node.attribute.contains(where: { !$0.refAttrName.isEmpty }) else { return node }
    guard let given = scope.attributes else {
      throw Self.unfit(proto, "refers to an attribute of a function, but stands in none")
    }
    node.attribute = []
    for attribute in proto.attribute {
      if attribute.refAttrName.isEmpty {
        node.attribute.append(attribute)
      } else if var value = given[attribute.refAttrName] {
        // Names in it would be those of another graph.
        guard !value.hasG else { throw Self.unfit(proto, "is given a graph by a function's call") }
        value.name = attribute.name
        node.attribute.append(value)
      }
    }
    return node
  }

  /// New names for the outputs of nodes within `prefix`.
  private mutating func claim(
    _ outputs: some Sequence<String>, prefix: String, into names: inout [String: String]
  ) throws(ModelError) {
    for output in outputs where !output.isEmpty {
      guard names[output] == nil else {
        throw ModelError(.malformed, "two values within '\(prefix)' are called '\(output)'")
      }
      names[output] = values.claim(try counted("\(prefix)/\(output)"))
    }
  }

  /// The name, if there is room for it.
  private mutating func counted(_ name: String) throws(ModelError) -> String {
    byteCount += name.utf8.count + 1
    guard byteCount <= ModelLimits.inlinedByteCount else {
      throw ModelError(.limit, "takes too much memory where its functions are written out")
    }
    return name
  }

  /// Room for attributes, which each call repeats.
  private mutating func count(
    attributesOf attributes: [ONNXAttributeProto]
  ) throws(ModelError) {
    for attribute in attributes {
      byteCount += attribute.ints.count + attribute.floats.count + attribute.s.count
      _ = try counted(attribute.name)
    }
  }

  /// A scope within another one. Throws where that is too deep.
  private mutating func scope(
    within outer: Scope, of node: ONNXNodeProto, _ suffix: String = ""
  ) throws(ModelError) -> Scope {
    guard outer.depth < ModelLimits.nestingDepth else {
      throw ModelError(
        .limit, "functions and branches nest deeper than \(ModelLimits.nestingDepth)")
    }
    var scope = outer
    let name = node.name.isEmpty ? node.output.first ?? node.opType : node.name
    scope.prefix = prefixes.claim(try counted(name + suffix))
    scope.depth += 1
    guard scope.prefix.utf8.count <= ModelLimits.nameLength else {
      throw ModelError(
        .limit,
        "a name has \(scope.prefix.utf8.count) bytes where functions are written out; at most "
          + "\(ModelLimits.nameLength) are accepted")
    }
    return scope
  }

  private static func unfit(_ node: ONNXNodeProto, _ reason: String) -> ModelError {
    ModelError(.malformed, "node '\(node.name.prefix(200))' (\(node.opType)): \(reason)")
  }

  // MARK: - Functions

  private mutating func write(
    _ function: ONNXFunctionProto, for call: ONNXNodeProto, in outer: Scope
  ) throws(ModelError) {
    let called = Operator(function)
    guard !outer.calls.contains(called) else {
      throw Self.unfit(call, "the function calls itself; only what ends can be read")
    }
    let (inputs, outputs) = (function.input, function.output)
    guard call.input.count <= inputs.count, call.output.count <= outputs.count else {
      throw Self.unfit(
        call,
        "has \(call.input.count) inputs and \(call.output.count) outputs, but the function "
          + "\(inputs.count) and \(outputs.count)")
    }
    var scope = try scope(within: outer, of: call)
    scope.seesGraph = false
    scope.calls.insert(called)
    scope.opset = try function.opsetImport.version(default: outer.opset)
    try count(attributesOf: function.attributeProto)
    scope.attributes = Dictionary(
      (function.attributeProto + call.attribute).map { ($0.name, $0) },
      uniquingKeysWith: { _, last in last })
    var names: [String: String] = [:]
    for (index, input) in inputs.enumerated() {
      guard names[input] == nil else { throw Self.unfit(call, "two inputs are called '\(input)'") }
      names[input] = try counted(index < call.input.count ? call.input[index] : "")
    }
    // What the function hands out is called as its call has it.
    let produced = Set(function.node.lazy.flatMap(\.output))
    var handed: Set<String> = []
    for (output, name) in zip(outputs, call.output) where !name.isEmpty {
      guard produced.contains(output), names[output] == nil else { continue }
      names[output] = name
      handed.insert(output)
    }
    try claim(
      function.node.lazy.flatMap(\.output).filter { !handed.contains($0) }, prefix: scope.prefix,
      into: &names)
    scope.names = [names]
    try place(function.node, in: scope)
    for (output, name) in zip(outputs, call.output) where !name.isEmpty {
      guard handed.remove(output) == nil else { continue }
      guard let source = scope.resolved(output) else {
        throw Self.unfit(call, "nothing in the function produces its output '\(output)'")
      }
      var copy = ONNXNodeProto()
      (copy.name, copy.opType, copy.input, copy.output) = (call.name, "Identity", [source], [name])
      nodes.append(Node(proto: copy, opset: scope.opset))
    }
  }

  // MARK: - Branches

  private mutating func writeBranches(
    of node: ONNXNodeProto, in outer: Scope
  ) throws(ModelError) {
    guard node.input.count == 1 else { throw Self.unfit(node, "has no condition, or several") }
    var choice = node
    choice.attribute = []
    for branch in ["then", "else"] {
      guard let graph = node.attribute.last(where: { $0.name == "\(branch)_branch" })?.g,
        graph.input.isEmpty, graph.output.count == node.output.count
      else {
        throw Self.unfit(
          node, "has no \(branch)_branch without inputs and with \(node.output.count) outputs")
      }
      var scope = try scope(within: outer, of: node, "/\(branch)")
      var names: [String: String] = [:]
      try claim(
        graph.initializer.map(\.name) + graph.node.flatMap(\.output), prefix: scope.prefix,
        into: &names)
      scope.names.append(names)
      try place(graph.initializer.map(\.node) + graph.node, in: scope)
      for output in graph.output {
        guard let name = scope.resolved(output.name) else {
          throw Self.unfit(node, "nothing produces the output '\(output.name)' of a branch")
        }
        choice.input.append(try counted(name))
      }
    }
    nodes.append(Node(proto: choice, opset: outer.opset))
  }
}

/// Names of which none is given twice.
private struct UniqueNames {
  private var taken: Set<String>
  /// The number to try next behind a name.
  private var next: [String: Int] = [:]

  init(_ taken: [String] = []) { self.taken = Set(taken) }

  mutating func reserve(_ name: String) { taken.insert(name) }

  /// The name itself, or with a number behind it where it is taken.
  mutating func claim(_ wanted: String) -> String {
    var name = wanted
    while !taken.insert(name).inserted {
      let number = next[wanted, default: 2]
      name = "\(wanted)-\(number)"
      next[wanted] = number + 1
    }
    return name
  }
}

extension ONNXTensorProto {
  /// A node whose output has the tensor's name and value.
  fileprivate var node: ONNXNodeProto {
    var value = ONNXAttributeProto()
    (value.name, value.type, value.t) = ("value", .tensor, self)
    var node = ONNXNodeProto()
    (node.opType, node.output, node.attribute) = ("Constant", [name], [value])
    return node
  }
}

extension String {
  /// Whether a domain is that of ONNX's own operators.
  var isONNX: Bool { isEmpty || self == "ai.onnx" }
}

extension [ONNXOperatorSetIdProto] {
  /// The version of ONNX's own operators. Throws where there is none.
  func version(default value: Int? = nil) throws(ModelError) -> Int {
    guard let version = first(where: \.domain.isONNX).map({ Int($0.version) }) ?? value,
      version >= 1
    else { throw ModelError(.malformed, "names no version of the ONNX operator set") }
    return version
  }
}
