import Boundaries
import Tensors

extension BoundaryQuery {
  /// Where the answer to a question flips: the pixels that its subject keeps stay as they are.
  ///
  /// - Parameter frozen: what else stays, `[H, W]`, where not 0.
  init(
    _ question: Question, norm: Norm = .l2, frozen: Tensor? = nil
  ) throws(BoundaryError) {
    let subject = question.subject
    let masks = [subject.kept, frozen].compactMap { $0 }
    let all = masks.first.map { first in
      masks.dropFirst().reduce(first) { union, mask in
        Tensor(zip(union.scalars, mask.scalars).map { abs($0) + abs($1) }, shape: union.shape)
      }
    }
    try self.init(
      subject.input, fact: question.fact, foil: question.foil, frozen: all, norm: norm,
      seed: subject.seed)
  }
}
