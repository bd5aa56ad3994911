import Networks
import Tensors

/// A picture, what is seen where it is masked, and the network that looks at both.
struct InversionScene {
  let model: any DifferentiableClassifier
  /// `[1, C, H, W]`
  let input: Tensor
  /// Each of the input's shape; losses are means over them.
  let backgrounds: [Tensor]

  /// Which part of the picture a composite shows.
  enum Side { case kept, removed }

  /// The composites x·m + p·(1 − m) of a mask, one for each background; for the removed side those of
  /// 1 − m.
  func composites(_ mask: [Double], _ side: Side) -> [Tensor] {
    let kept = mask.map { Float(side == .kept ? $0 : 1 - $0) }
    return backgrounds.map { Obscured(input: input, baseline: $0).picture(keeping: kept) }
  }

  /// The gradient at the mask for gradients at composites of one side: ±Σ_c g·(x − p).
  func pullback(_ gradients: [Tensor], _ side: Side) -> [Double] {
    let plane = input.shape[2] * input.shape[3]
    var result = [Double](repeating: 0, count: plane)
    let sign = side == .kept ? 1.0 : -1
    for (gradient, background) in zip(gradients, backgrounds) {
      gradient.withScalars { g in
        input.withScalars { x in
          background.withScalars { p in
            result.withUnsafeMutableBufferPointer { result in
              for start in stride(from: 0, to: x.count, by: plane) {
                for place in 0..<plane {
                  let index = start + place
                  result[place] += sign * Double(g[index]) * Double(x[index] - p[index])
                }
              }
            }
          }
        }
      }
    }
    return result
  }

  /// A loss of each picture's values at a layer, and its gradient at the picture.
  ///
  /// Pictures go through together as far as the network takes them; each one's answer is its own.
  func slopes(
    of pictures: [Tensor], at layer: LayerName,
    _ loss: (_ picture: Int, _ values: Tensor) -> (value: Double, seed: Tensor)
  ) -> (values: [Double], gradients: [Tensor]) {
    let request = TraceRequest(reading: [layer], seeding: [layer], gradients: [.input])
    var (values, gradients): ([Double], [Tensor]) = ([], [])
    for start in stride(from: 0, to: pictures.count, by: model.batchLimit) {
      let pass = start..<min(start + model.batchLimit, pictures.count)
      let trace = model.trace(.concatenating(Array(pictures[pass])), for: request)
      let outputs = trace[layer]
      let losses = pass.map { loss($0, outputs.item($0 - start)) }
      let seeds = Tensor.concatenating(losses.map(\.seed))
      let gradient = trace.gradient(seeding: [layer: seeds])
      values += losses.map(\.value)
      gradients += (0..<pass.count).map { gradient.item($0) }
    }
    return (values, gradients)
  }

  /// The logits of each picture.
  func logits(of pictures: [Tensor]) -> [[Float]] {
    pictures.map { model.logits(for: $0).scalars }
  }
}
