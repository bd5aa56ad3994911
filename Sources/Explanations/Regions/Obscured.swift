import Tensors

/// An input parts of which are replaced by a baseline.
struct Obscured {
  /// `[1, C, H, W]`
  let input: Tensor
  let baseline: Tensor

  /// b + m·(x − b) for a mask of one value for each position, `[H · W]`: 1 keeps, 0 takes away.
  func picture(keeping mask: [Float]) -> Tensor {
    let plane = input.shape[2] * input.shape[3]
    precondition(mask.count == plane, "a value for each position")
    return input.withScalars { x in
      baseline.withScalars { b in
        Tensor(shape: input.shape) { target in
          for start in stride(from: 0, to: target.count, by: plane) {
            for place in 0..<plane {
              let (from, m) = (b[start + place], mask[place])
              // Exact at both ends.
              let value = m == 1 ? x[start + place] : from + m * (x[start + place] - from)
              target.initializeElement(at: start + place, to: value)
            }
          }
        }
      }
    }
  }

  /// The input with only some regions kept.
  func picture(of regions: Regions, keeping isKept: (Int) -> Bool) -> Tensor {
    let kept = (0..<regions.count).map { isKept($0) ? Float(1) : 0 }
    return picture(keeping: regions.labels.map { kept[$0] })
  }
}
