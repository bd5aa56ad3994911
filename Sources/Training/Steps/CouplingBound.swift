import Kernels
import Networks
import Tensors

/// Keeps what the couplings of an invertible network may stretch within a bound: after each step, the
/// gain of every inner network is brought to the bound where it exceeds it, by smaller factors of its
/// last normalisation.
///
/// The gain is the product of the spectral norms of the convolutions, each with the factors
/// γ / √(variance + ε) of the normalisation behind it, as in inference; rectifiers stretch nothing. So
/// it is an upper bound of the Lipschitz constant in Euclidean distance. With F and G bounded by C, a
/// coupling stretches no way more than (1 + C)² times, and shrinks none more than that.
///
/// A norm comes from the power method on WᵀW, for the convolution as the linear map between maps that it
/// is, its padding included. Vectors go on from step to step, since weights change little in one; they
/// are part of a training's state. The norm found is below the true one until the vector has settled, so
/// that weights in the middle of an epoch may exceed the bound a little; where it ends, more turns are
/// taken, and what is asked and saved then keeps it.
///
/// Gouk, Frank, Pfahringer, Cree: Regularisation of neural networks by enforcing Lipschitz continuity,
/// 2018 (arXiv:1804.04368); for invertible networks Behrmann, Grathwohl, Chen, Duvenaud, Jacobsen:
/// Invertible Residual Networks, 2019 (arXiv:1811.00995).
struct CouplingBound {
  /// Turns of the power method before the first step, in each, and where an epoch ends.
  private static let turns = (first: 30, each: 2, last: 200)

  private let bound: Double
  private let chains: [Chain]

  /// The inner networks of all couplings that are trained; nil without a bound.
  ///
  /// Throws where one is made of other layers than convolutions, normalisations and rectifiers in a row, or
  /// does not end in a normalisation.
  init?(
    _ bound: Float?, of invertible: InvertibleNetwork?, in network: any TrainableClassifier
  ) throws(TrainingError) {
    guard let bound else { return nil }
    guard let invertible else {
      throw TrainingError(
        .request,
        "--coupling-bound is about invertible networks; choose --architecture invertible")
    }
    self.bound = Double(bound)
    var chains: [Chain] = []
    let places = Places(network)
    for block in invertible.blocks {
      if block is AffineCoupling {
        throw TrainingError(
          .request, "--coupling-bound: '\(block.name)' is affine; only additive couplings have one")
      }
      guard let coupling = block as? AdditiveCoupling else { continue }
      for (letter, inner) in [("F", coupling.first), ("G", coupling.second)] {
        let prefix = "\(coupling.name).\(letter)."
        let chain = try Chain(inner, prefix: prefix, places, engine: network.engine)
        if let chain { chains.append(chain) }
      }
    }
    guard !chains.isEmpty else {
      throw TrainingError(.request, "--coupling-bound: no coupling is trained")
    }
    self.chains = chains
  }

  /// Vectors for the power method to go on from, those of all convolutions one after the other.
  func directions(of network: any TrainableClassifier, seed: UInt64) -> [Float] {
    let random = CounterRandom(seed: seed, stream: RandomStream.directions.rawValue)
    var directions: [Float] = []
    for (number, length) in chains.flatMap(\.lengths).enumerated() {
      directions += random.normal([length], sample: number).scalars
    }
    for _ in 0..<Self.turns.first { _ = gains(of: network, directions: &directions) }
    return directions
  }

  /// The gain of each inner network, F before G.
  func gains(of network: any TrainableClassifier, directions: inout [Float]) -> [Double] {
    network.withValues { values in
      network.withStatistics { statistics in
        gains(
          values: values, statistics: UnsafeBufferPointer(statistics), directions: &directions)
      }
    }
  }

  private func gains(
    values: UnsafeMutableBufferPointer<Float>, statistics: UnsafeBufferPointer<Float>,
    directions: inout [Float]
  ) -> [Double] {
    var start = 0
    return chains.map { chain in
      chain.gain(values, statistics, directions: &directions, from: &start)
    }
  }

  /// Brings gains above the bound down to it.
  ///
  /// - Parameter isLast: whether an epoch ends here, so that norms are to be found more exactly.
  func hold(
    values: UnsafeMutableBufferPointer<Float>, statistics: UnsafeBufferPointer<Float>,
    directions: inout [Float], isLast: Bool
  ) {
    var gains: [Double] = []
    for _ in 0..<(isLast ? Self.turns.last : Self.turns.each) {
      gains = self.gains(values: values, statistics: statistics, directions: &directions)
    }
    for (chain, gain) in zip(chains, gains) where gain > bound {
      let share = Float(bound / gain)
      for index in chain.lastFactors { values[index] *= share }
    }
  }
}

/// Where parameters lie.
private struct Places {
  let values: [ParameterName: Range<Int>]
  let statistics: [ParameterName: Range<Int>]

  init(_ network: any TrainableClassifier) {
    func ranges(_ parameters: [TrainedParameter]) -> [ParameterName: Range<Int>] {
      Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.range) })
    }
    values = ranges(network.parameters)
    statistics = ranges(network.statistics)
  }
}

/// An inner network whose layers stand in a row.
private struct Chain {
  private let links: [Link]
  /// Where the factors of the last normalisation lie.
  let lastFactors: Range<Int>

  /// Nil where its layers are frozen.
  init?(
    _ inner: InnerNetwork, prefix: String, _ places: Places, engine: Engine
  ) throws(TrainingError) {
    var links: [Link] = []
    var (last, shape, isFrozen) = (inner.graph.input, inner.graph.inputShape, false)
    for node in inner.graph.nodes {
      func place(_ index: Int, _ ranges: [ParameterName: Range<Int>]) -> Range<Int>? {
        ranges[ParameterName(LayerName("\(prefix)\(node.name)"), index)]
      }
      guard node.inputs == [last] else { throw Self.refusal("\(prefix)\(node.name)") }
      switch node.layer {
      case let layer as Convolution2D:
        guard let weights = place(0, places.values) else {
          isFrozen = true
          break
        }
        do throws(NetworkError) {
          links.append(try Link(layer, weights: weights, reads: shape, engine: engine))
        } catch {
          throw TrainingError(.request, "\(error)")
        }
      case let layer as BatchNormalization:
        guard let factors = place(0, places.values), let variances = place(3, places.statistics)
        else {
          isFrozen = true
          break
        }
        guard !links.isEmpty, links[links.count - 1].normalization == nil else {
          throw Self.refusal("\(prefix)\(node.name)")
        }
        links[links.count - 1].normalization = (factors, variances, layer.epsilon)
      case is ReLU:
        break
      default:
        throw Self.refusal("\(prefix)\(node.name)")
      }
      last = node.name
      shape = inner.graph.shapes[last]?.item ?? shape
    }
    if isFrozen { return nil }
    guard last == inner.output, let factors = links.last?.normalization?.factors,
      inner.graph.nodes.last?.layer is BatchNormalization
    else {
      throw Self.refusal("\(prefix)\(last)")
    }
    self.links = links
    lastFactors = factors
  }

  private static func refusal(_ name: String) -> TrainingError {
    TrainingError(
      .request,
      "--coupling-bound: '\(name)' does not belong to convolutions, normalisations and rectifiers "
        + "in a row that end in a normalisation")
  }

  /// Of the vectors of the power method.
  var lengths: [Int] { links.map(\.length) }

  /// - Parameter start: where its vectors begin, and then where they end.
  func gain(
    _ values: UnsafeMutableBufferPointer<Float>,
    _ statistics: UnsafeBufferPointer<Float>, directions: inout [Float],
    from start: inout Int
  ) -> Double {
    var product = 1.0
    for link in links {
      let end = start + link.length
      var direction = Tensor(Array(directions[start..<end]), shape: [link.length])
      product *= link.norm(values, statistics, direction: &direction)
      directions.replaceSubrange(start..<end, with: direction.scalars)
      start = end
    }
    return product
  }
}

/// A convolution and the normalisation behind it.
private struct Link {
  private let weights: Range<Int>
  var normalization: (factors: Range<Int>, variances: Range<Int>, epsilon: Float)?
  private let input: Shape
  /// The convolution alone, without a shift, as something that can be run back and forth.
  private let map: TrainableNetwork

  /// - Parameter shape: `[C, H, W]`, what the convolution reads.
  init(
    _ layer: Convolution2D, weights: Range<Int>, reads shape: Shape, engine: Engine
  ) throws(NetworkError) {
    self.weights = weights
    // Without neighbours, one position says it all.
    let isPointwise = layer.window.rows.taps == 1 && layer.window.columns.taps == 1
    input = isPointwise ? [shape[0], 1, 1] : shape
    let alone: Convolution2D
    do throws(LayerError) {
      alone = try Convolution2D(
        weights: layer.weights, window: layer.window, groups: layer.groups)
    } catch {
      throw .layer("convolution", kind: Convolution2D.kind, reason: error.reason)
    }
    map = try TrainableNetwork(
      Network(
        input: "maps", inputShape: input,
        nodes: [
          .init("convolution", alone, of: ["maps"]),
          .init("row", Reshape(item: [-1]), of: ["convolution"]),
        ], logits: "row"), engine: engine)
  }

  var length: Int { input.count }

  /// One turn of the power method: √‖WᵀWv‖ for the direction v, which becomes that of WᵀWv.
  func norm(
    _ values: UnsafeMutableBufferPointer<Float>,
    _ statistics: UnsafeBufferPointer<Float>, direction: inout Tensor
  ) -> Double {
    map.withValues { own in
      let inputs = own.count / (normalization?.factors.count ?? 1)
      for index in own.indices {
        var factor: Float = 1
        if let (factors, variances, epsilon) = normalization {
          let channel = index / inputs
          factor =
            values[factors.lowerBound + channel]
            / (statistics[variances.lowerBound + channel] + epsilon).squareRoot()
        }
        own[index] = factor * values[weights.lowerBound + index]
      }
    }
    let before = direction.dot(direction).squareRoot()
    guard before > 0 else { return 0 }
    let turned = map.inputGradient(
      (1 / Float(before) * direction).reshaped(to: Shape([1] + input.extents))
    ) { $0 }
    let length = turned.dot(turned).squareRoot()
    // A normalisation by 0 leaves nothing; its direction is kept for later.
    if length > 1e-30 { direction = turned.reshaped(to: [self.length]) }
    return Double(length).squareRoot()
  }
}
