public import Explanations
public import Imaging

/// A measure that compares a map with those of networks whose parameters are shuffled.
///
/// A method that shows what the network learned gives other maps when that is gone: the value is
/// the mean similarity over the stages, and lower is better. The series `stages` has each. Maps
/// that are the same everywhere, as class activation maps of a shuffled network may be, are like
/// nothing and left out. Costs an explanation for each stage, once for all such measures of a case;
/// the networks are made once for a run.
///
/// Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim: Sanity Checks for Saliency Maps, 2018
/// (arXiv:1810.03292). There parameters are drawn anew; here each is shuffled, which keeps its
/// distribution.
public protocol RandomizationMeasure: Measure {
  /// At most as many stages as there are layers.
  var stages: Int { get set }
  var shuffling: Shuffling { get set }

  /// How alike two maps are that are not the same everywhere.
  static func similarity(of map: Image<Float>, and other: Image<Float>) -> Double?
}

extension RandomizationMeasure {
  public func validate() throws(ExplainerError) {
    try Self.check("stages", stages, in: 1...1000)
  }

  public func measure(_ measured: MeasuredCase) throws(ExplainerError) -> MeasuredValue {
    let maps = try measured.randomizedMaps(stages: stages, shuffling)
    let found = maps.planes.compactMap { plane in
      plane.flatMap { Self.similarity(of: measured.map, and: $0) }
    }
    return found.isEmpty
      ? .undefined("the maps of shuffled networks are the same everywhere")
      : MeasuredValue(
        found.reduce(0, +) / Double(found.count), series: ["stages": found])
  }
}
