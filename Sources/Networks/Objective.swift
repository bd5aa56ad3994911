public import Tensors

/// What is being differentiated: a number per picture, and its derivative at the layers it looks at.
///
/// Objectives add and scale: `.margin(3, over: 5) + 0.1 * .logit(3)`. The layers they read must be
/// listed in the trace's request, both as read and as seeded; `DifferentiableClassifier.gradient`
/// does so.
public struct Objective: Sendable {
  /// Value per picture, and a cotangent for each layer, shaped as its output.
  public typealias Evaluation = (values: [Float], seeds: [LayerName: Tensor])

  public let layers: Set<LayerName>
  public let evaluate: @Sendable (borrowing Trace) -> Evaluation

  public init(
    layers: Set<LayerName>, evaluate: @escaping @Sendable (borrowing Trace) -> Evaluation
  ) {
    self.layers = layers
    self.evaluate = evaluate
  }

  /// An objective that is a function of each picture's logits: value and derivative, `[K]`.
  public static func ofLogits(
    _ function: @escaping @Sendable ([Float]) -> (value: Float, slope: [Float])
  ) -> Objective {
    Objective(layers: [.logits]) { trace in
      let logits = trace[.logits]
      let rows = (0..<logits.batch).map { function(logits.item($0).scalars) }
      let seeds = Tensor(rows.flatMap(\.slope), shape: logits.shape)
      return (rows.map(\.value), [.logits: seeds])
    }
  }

  /// The score of a class before the softmax.
  public static func logit(_ fact: ClassIndex) -> Objective {
    .ofLogits { logits in
      var slope = [Float](repeating: 0, count: logits.count)
      slope[fact] = 1
      return (logits[fact], slope)
    }
  }

  /// The score of one class minus that of another: positive where the fact leads.
  public static func margin(_ fact: ClassIndex, over foil: ClassIndex) -> Objective {
    .logit(fact) - .logit(foil)
  }

  /// The softmax of a class, 0...1.
  public static func probability(_ fact: ClassIndex) -> Objective {
    .ofLogits { logits in
      let p = Prediction(logits: logits).probabilities
      // 1 − p of the fact is the sum of the others: exact where p rounds to 1.
      let rest = p.indices.reduce(Float(0)) { $1 == fact ? $0 : $0 + p[$1] }
      let slope = p.indices.map { $0 == fact ? p[fact] * rest : -p[fact] * p[$0] }
      return (p[fact], slope)
    }
  }

  public static func + (a: Objective, b: Objective) -> Objective {
    Objective(layers: a.layers.union(b.layers)) { trace in
      let (x, y) = (a.evaluate(trace), b.evaluate(trace))
      return (zip(x.values, y.values).map(+), x.seeds.merging(y.seeds, uniquingKeysWith: +))
    }
  }

  public static func * (factor: Float, a: Objective) -> Objective {
    Objective(layers: a.layers) { trace in
      let x = a.evaluate(trace)
      return (x.values.map { factor * $0 }, x.seeds.mapValues { factor * $0 })
    }
  }

  public static func - (a: Objective, b: Objective) -> Objective { a + -1 * b }
}
