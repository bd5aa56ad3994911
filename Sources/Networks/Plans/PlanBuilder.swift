public import Kernels
public import Tensors

/// Collects the kernels of a plan while layers describe their steps.
///
/// Slots are allotted without limit here; passes and `ArenaLayout` then let those share memory whose
/// lifetimes do not meet.
public struct PlanBuilder {
  /// How rectifiers are to carry cotangents.
  public let rule: BackwardRule
  /// How the layer computes whose steps are being emitted, if it behaves otherwise in training.
  public private(set) var phase: Phase

  private(set) var program: Program
  private(set) var values: [LayerName: Operand] = [:]
  /// Values of the pass that this one is compared with; those that do not change are the same.
  private(set) var references: [LayerName: Operand] = [:]
  private(set) var cotangents: [LayerName: Operand] = [:]
  private(set) var parameterCotangents: [ParameterName: Operand] = [:]
  /// What a pass in training makes of parameters that follow the data instead of a gradient.
  private(set) var updates: [ParameterName: Operand] = [:]
  /// Where parameters lie that are being trained.
  private let places: TrainedPlaces
  private var sites: [LayerName: Site] = [:]
  /// What forward steps left, by the output of their site.
  private var saved: [Operand: [Operand]] = [:]
  /// Layers whose cotangent already holds something.
  private var started: Set<LayerName> = []
  private var startedParameters: Set<ParameterName> = []

  /// Emits everything that `request` needs, for `batch` items. Names in the request are resolved.
  init(
    _ graph: LayerGraph, for request: TraceRequest, batch: Int,
    training places: TrainedPlaces = TrainedPlaces()
  ) throws(NetworkError) {
    self.places = places
    rule = request.rule
    phase = request.phase
    program = Program(repeatsBackward: request.sweeps == .many)
    let shapes = try graph.shapes(batch: batch)
    func shape(_ name: LayerName) -> Shape {
      guard let shape = shapes[name] else { preconditionFailure("'\(name)' has no shape") }
      return shape
    }

    precondition(
      !request.compares || phase == .inference && rule == .exact && request.parameters.isEmpty,
      "passes are compared in inference, by the exact rule, and without parameters")

    let input = makeSlot(shape(graph.input))
    values[graph.input] = input
    program.mark(input) { $0.origin = .beforeForward }
    if request.compares {
      let reference = makeSlot(shape(graph.input))
      references[graph.input] = reference
      program.mark(reference) { $0.origin = .beforeForward }
    }

    let needed = graph.ancestors(of: request.reading.union(request.seeding))
    for node in graph.nodes where needed.contains(node.name) {
      let site = Site(
        name: node.name, inputNames: node.inputs,
        inputs: node.inputs.compactMap { values[$0] },
        output: makeSlot(shape(node.name)),
        parameters: node.layer.parameters.enumerated().map { index, tensor in
          places.values[ParameterName(node.name, index)] ?? makeParameter(tensor)
        })
      values[node.name] = site.output
      sites[node.name] = site
      phase = places.frozen.contains(node.name) ? .inference : request.phase
      node.layer.forward(site, into: &self)
      if request.compares { emitReference(of: node, at: site) }
    }
    program.endForward()
    let read = request.reading.compactMap { values[$0] }
    let readReferences = request.reading.compactMap { references[$0] }
    for operand in read + readReferences + updates.values where operand.isSlot {
      program.mark(operand) { $0.isRead = true }
    }

    let gradients = request.gradients.union(request.summing.map { [$0] } ?? [])
    let active = graph.descendants(of: gradients.union(request.parameters))
    let reached = graph.ancestors(of: request.seeding)
    for name in active.intersection(reached) {
      cotangents[name] = makeSlot(shape(name))
    }
    for node in graph.nodes where request.parameters.contains(node.name) {
      for (index, tensor) in node.layer.parameters.enumerated() {
        let name = ParameterName(node.name, index)
        // What is trained has a gradient where it says, or none.
        parameterCotangents[name] =
          places.values[name] == nil ? makeSlot(tensor.shape) : places.gradients[name]
      }
    }
    for name in request.seeding {
      guard let seed = cotangents[name] else { continue }
      program.mark(seed) { $0.origin = .beforeBackward }
      started.insert(name)
    }
    for node in graph.nodes.reversed() {
      guard started.contains(node.name), var site = sites[node.name],
        request.parameters.contains(node.name)
          || node.inputs.contains(where: { cotangents[$0] != nil })
      else { continue }
      site.saved = saved[site.output] ?? []
      phase = places.frozen.contains(node.name) ? .inference : request.phase
      if request.compares {
        emitRescaled(node, at: site)
      } else {
        node.layer.backward(site, into: &self)
      }
    }
    for name in gradients {
      // A layer that no seed depends on has a zero gradient.
      let gradient = cotangents[name] ?? makeSlot(shape(name))
      if !started.contains(name) { emit(Fill(gradient)) }
      cotangents[name] = gradient
      if request.gradients.contains(name) { program.mark(gradient) { $0.isRead = true } }
    }
    if let name = request.summing, let gradient = cotangents[name] {
      precondition(!request.gradients.contains(name), "'\(name)' is read and summed")
      program.sum(gradient)
    }
    for (name, gradient) in parameterCotangents.sorted(by: { $0.key < $1.key }) {
      if !startedParameters.contains(name) { emit(Fill(gradient)) }
      if gradient.isSlot { program.mark(gradient) { $0.isRead = true } }
    }
    if request.compares { program.dropUnread() }
  }

  // MARK: - Comparing with a reference

  /// The forward step in the pass that this one is compared with, where anything is different there.
  private mutating func emitReference(of node: LayerGraph.Node, at site: Site) {
    let inputs = node.inputs.compactMap { references[$0] }
    guard inputs != site.inputs else {
      references[node.name] = site.output
      return
    }
    let output = makeSlot(site.output.shape)
    references[node.name] = output
    node.layer.forward(site.moved(to: inputs, output: output), into: &self)
  }

  /// A backward step by the finite slope between both passes.
  private mutating func emitRescaled(_ node: LayerGraph.Node, at site: Site) {
    var site = site
    let inputs = node.inputs.compactMap { references[$0] }
    let output = references[node.name] ?? site.output
    site.reference = Site.Reference(inputs: inputs, output: output, saved: saved[output] ?? [])
    let changing = site.inputs.indices.filter { site.inputs[$0] != inputs[$0] }
    switch changing.isEmpty ? .step : node.layer.rescaling(ofInputs: changing) {
    case .step: node.layer.backward(site, into: &self)
    case .secant: emitSecant(node.layer, at: site, ofInput: changing[0])
    case .average(let points):
      emitAverage(node.layer, at: site, ofInputs: changing, points: points)
    }
  }

  private mutating func emitSecant(_ layer: any Layer, at site: Site, ofInput index: Int) {
    let name = site.inputNames[index]
    guard let reference = site.reference, let target = cotangents[name] else { return }
    // A repeated input is no element's own.
    guard target.shape == site.output.shape else {
      return emitAverage(layer, at: site, ofInputs: [index], points: 8)
    }
    // The step's own result, in place of which the input gets the secant.
    let derivative = makeSlot(target.shape)
    let isStarted = started.remove(name) != nil
    cotangents[name] = derivative
    layer.backward(site, into: &self)
    cotangents[name] = target
    started.remove(name)
    if isStarted { started.insert(name) }
    let cotangent = cotangent(of: site)
    contribute(to: index, of: site) { target, accumulates in
      SecantPullback(
        outputCotangent: cotangent, derivative: derivative, input: site.inputs[index],
        output: site.output, referenceInput: reference.inputs[index],
        referenceOutput: reference.output, inputCotangent: target, accumulates: accumulates)
    }
  }

  private mutating func emitAverage(
    _ layer: any Layer, at site: Site, ofInputs changing: [Int], points: Int
  ) {
    guard let reference = site.reference else { return }
    let cotangent = cotangent(of: site)
    let rule = GaussLegendre(count: points)
    for (position, weight) in zip(rule.nodes, rule.weights) {
      var inputs = site.inputs
      for index in changing {
        inputs[index] = makeSlot(site.inputs[index].shape)
        emit(
          Blend(
            from: reference.inputs[index], to: site.inputs[index], at: Float(position),
            output: inputs[index]))
      }
      var point = site.moved(to: inputs, output: makeSlot(site.output.shape))
      layer.forward(point, into: &self)
      point.saved = saved[point.output] ?? []
      if points > 1 {
        let share = makeSlot(cotangent.shape)
        emit(Map(input: cotangent, output: share, function: FixedFactor(Float(weight))))
        cotangents[site.name] = share
      }
      layer.backward(point, into: &self)
    }
    cotangents[site.name] = cotangent
  }

  // MARK: - What layers call

  /// Adds a kernel.
  public mutating func emit(_ kernel: any Kernel) { program.emit(kernel) }

  /// Working memory beyond a layer's output.
  public mutating func makeSlot(
    _ shape: Shape, element: Operand.Element = .float32
  ) -> Operand {
    program.makeSlot(shape, element: element)
  }

  /// Hands something computed in the forward step to the backward step of the same layer.
  public mutating func save(_ operand: Operand, for site: Site) {
    saved[site.output, default: []].append(operand)
  }

  /// The output is the input under another shape.
  public mutating func view(_ site: Site) { emit(Copy(from: site.inputs[0], to: site.output)) }

  /// The cotangent of a layer's output, complete by the time its backward step is emitted.
  public func cotangent(of site: Site) -> Operand {
    guard let operand = cotangents[site.name] else {
      preconditionFailure("'\(site.name)' has no cotangent")
    }
    return operand
  }

  /// Adds a kernel that carries the cotangent back to one input, if that input wants it.
  ///
  /// `makeKernel` gets the input's cotangent and whether to add to what is there.
  public mutating func contribute(
    to input: Int, of site: Site,
    _ makeKernel: (_ target: Operand, _ accumulates: Bool) -> any Kernel
  ) {
    let name = site.inputNames[input]
    guard let target = cotangents[name] else { return }
    emit(makeKernel(target, !started.insert(name).inserted))
  }

  /// Adds a kernel that carries the cotangent back to one parameter, if its gradient is wanted; the
  /// target has the parameter's shape, and the gradient is the sum over the batch.
  public mutating func contribute(
    toParameter index: Int, of site: Site,
    _ makeKernel: (_ target: Operand, _ accumulates: Bool) -> any Kernel
  ) {
    let name = ParameterName(site.name, index)
    guard let target = parameterCotangents[name] else { return }
    emit(makeKernel(target, !startedParameters.insert(name).inserted))
  }

  /// Where the cotangent of one input goes, for a kernel that carries back several at once, and whether to
  /// add to what is there; nil if it is not wanted. The kernel is emitted next.
  public mutating func claimCotangent(
    ofInput index: Int, of site: Site
  ) -> (operand: Operand, accumulates: Bool)? {
    let name = site.inputNames[index]
    return cotangents[name].map { ($0, !started.insert(name).inserted) }
  }

  /// Where the gradient of one parameter goes, likewise. Nobody else gives it any.
  public mutating func claimCotangent(ofParameter index: Int, of site: Site) -> Operand? {
    let name = ParameterName(site.name, index)
    startedParameters.insert(name)
    return parameterCotangents[name]
  }

  /// Whether the cotangent of one input is wanted, for a layer that prepares it in several steps.
  public func wantsCotangent(ofInput index: Int, of site: Site) -> Bool {
    cotangents[site.inputNames[index]] != nil
  }

  /// Whether the gradient of any of the layer's parameters is wanted.
  public func wantsParameters(of site: Site) -> Bool {
    parameterCotangents[ParameterName(site.name, 0)] != nil
  }

  /// Room for the new value of a parameter that the forward pass itself gives, such as a running
  /// mean; to be called in the forward step. Nothing trains it by gradient.
  public mutating func update(parameter index: Int, of site: Site) -> Operand {
    let name = ParameterName(site.name, index)
    let operand = places.updates[name] ?? makeSlot(site.parameters[index].shape)
    updates[name] = operand
    return operand
  }

  /// Adds a parameter that a layer derives from its own while the plan is built.
  public mutating func makeParameter(_ tensor: Tensor) -> Operand {
    program.makeParameter(tensor)
  }

  /// As `contribute`, for a kernel that only ever adds, and to some elements only: an input that
  /// holds nothing yet is cleared first. No kernel is emitted where `makeKernel` gives none.
  public mutating func contributeScattered(
    to input: Int, of site: Site, _ makeKernel: (_ target: Operand) -> (any Kernel)?
  ) {
    let name = site.inputNames[input]
    guard let target = cotangents[name] else { return }
    if started.insert(name).inserted { emit(Fill(target)) }
    if let kernel = makeKernel(target) { emit(kernel) }
  }

  /// The backward step of a view.
  public mutating func contributeView(of site: Site) {
    let source = cotangent(of: site)
    contribute(to: 0, of: site) { Copy(from: source, to: $0, accumulates: $1) }
  }
}

extension Site {
  /// The same layer with other values.
  fileprivate func moved(to inputs: [Operand], output: Operand) -> Site {
    Site(
      name: name, inputNames: inputNames, inputs: inputs, output: output, parameters: parameters)
  }
}
