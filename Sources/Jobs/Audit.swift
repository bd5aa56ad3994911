import Explanations
import Measures
import Networks

/// A few measures of each map, taken as soon as it is made: whether it adds up, whether the score depends
/// on what it says it does, whether it is another one for a network that forgot everything, and how
/// uncertain it is.
struct Audit: Sendable {
  private let measures: [ConfiguredMeasure]
  private let randomized: RandomizedNetworks

  /// Makes networks with shuffled parameters at their first use.
  ///
  /// - Parameter seed: of the shuffling.
  init(of model: CompiledNetwork, seed: UInt64) {
    var oneStage = ParameterRandomization()
    oneStage.stages = 1
    measures = [
      ConfiguredMeasure(CompletenessGap()), ConfiguredMeasure(Insertion()),
      ConfiguredMeasure(Deletion()), ConfiguredMeasure(oneStage),
    ]
    randomized = RandomizedNetworks(of: model, seed: seed)
  }

  /// By the measures' names, and the standard error of the map as a whole, relative to it.
  func values(
    of explanation: Explanation, to question: Question, by method: ConfiguredExplainer,
    using model: any Classifier
  ) -> [String: MeasuredValue] {
    let measured = MeasuredCase(
      question, explanation: explanation, by: method, of: model, randomized: randomized)
    var values: [String: MeasuredValue] = [:]
    for measure in measures {
      do throws(ExplainerError) {
        let found = try measure.measure(measured)
        // Curves are left out.
        values[measure.about.name] = found.value.map { MeasuredValue($0) } ?? found
      } catch {
        values[measure.about.name] = .undefined("\(error)")
      }
    }
    let error = explanation.diagnostics.values["relativeError"].flatMap { $0.isFinite ? $0 : nil }
    values["standard-error"] =
      error.map { MeasuredValue($0) } ?? .undefined("the method tells no standard error")
    return values
  }
}
