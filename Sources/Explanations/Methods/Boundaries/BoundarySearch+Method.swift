import Boundaries
import Networks
import Tensors

/// A search as a method asks it: what it refuses is told as the method's parameter `search`.
extension BoundarySearch {
  func validate(for method: String) throws(ExplainerError) {
    try refusing(for: method) { () throws(BoundaryError) in try validate() }
  }

  /// The boundary nearest to a question's subject, within 0...1.
  func outcome(
    for question: Question, norm: Norm = .l2, using model: any Classifier, method: String
  ) throws(ExplainerError) -> BoundaryOutcome {
    try outcomes(for: method, using: model) { () throws(BoundaryError) in
      [try BoundaryQuery(question, norm: norm)]
    }[0]
  }

  /// The boundaries nearest to queries, which go through the model together.
  func outcomes(
    for method: String, using model: any Classifier,
    _ queries: () throws(BoundaryError) -> [BoundaryQuery]
  ) throws(ExplainerError) -> [BoundaryOutcome] {
    try refusing(for: method) { () throws(BoundaryError) in
      try nearestPoints(for: try queries(), using: model)
    }
  }

  private func refusing<Answer>(
    for method: String, _ body: () throws(BoundaryError) -> Answer
  ) throws(ExplainerError) -> Answer {
    do throws(BoundaryError) {
      return try body()
    } catch {
      throw .invalidParameter(method: method, parameter: "search", reason: "\(error)")
    }
  }
}

extension Explanation.Status {
  /// How far an answer can be relied on that comes from a search.
  init(_ status: BoundaryStatus) { self = status == .found ? .complete : .boundary(status) }
}
