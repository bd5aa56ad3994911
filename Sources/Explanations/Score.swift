package import Networks
package import Tensors

/// Which number of a classifier's answer is explained.
public enum Score: String, NamedOption {
  /// Before the softmax: it adds up, and never saturates.
  case logit
  /// After it, 0...1: what the classifier says to the world.
  case probability

  /// The number for the fact, less the foil's if there is one.
  package func value(ofLogits logits: [Float], for question: Question) -> Double {
    let values: [Float]
    switch self {
    case .logit: values = logits
    case .probability: values = Prediction(logits: logits).probabilities
    }
    return Double(values[question.fact]) - (question.foil.map { Double(values[$0]) } ?? 0)
  }
}

extension Classifier {
  /// The scores of any number of pictures `[1, C, H, W]`, made as they are needed and sent through in
  /// passes of exactly `batchLimit`, so that memory stays that of one pass.
  package func scores<Indices: RandomAccessCollection<Int>>(
    of score: Score, for question: Question, at indices: Indices, picture: (Int) -> Tensor
  ) -> [Double] {
    var scores: [Double] = []
    scores.reserveCapacity(indices.count)
    var rest = indices[...]
    while !rest.isEmpty {
      let pass = rest.prefix(batchLimit)
      rest = rest.dropFirst(pass.count)
      let answers = logits(
        for: Tensor.concatenating(pass.map(picture)).padded(toBatch: batchLimit))
      for item in 0..<pass.count {
        scores.append(score.value(ofLogits: answers.item(item).scalars, for: question))
      }
    }
    return scores
  }
}
