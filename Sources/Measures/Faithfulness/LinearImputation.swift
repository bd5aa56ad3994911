import Tensors

/// Missing positions of a picture, guessed from those around them.
///
/// Each missing position is the weighted mean of its eight neighbours within the picture, direct
/// ones counting 1/6 and diagonal ones 1/12, missing neighbours included: a linear system with a
/// symmetric positive definite matrix, which conjugate gradients solve for four channels at a time.
/// They start from a coarse guess, so that large holes take no more than some dozens of rounds.
struct LinearImputation {
  /// `[1, C, H, W]`
  private let input: Tensor
  private let grid: PaddedGrid
  /// Values on the padded grid, four channels in each.
  private let planes: [[SIMD4<Float>]]

  /// Where rounds end: the root of the mean square of the equations' residuals, for values 0...1.
  static let tolerance: Float = 1e-6
  static let maximumRounds = 2000

  init(of input: Tensor) {
    self.input = input
    let grid = PaddedGrid(width: input.shape[3], height: input.shape[2])
    self.grid = grid
    let (channels, plane) = (input.shape[1], grid.width * grid.height)
    planes = input.withScalars { scalars in
      stride(from: 0, to: channels, by: 4).map { first in
        var values = [SIMD4<Float>](repeating: .zero, count: grid.count)
        for channel in first..<min(first + 4, channels) {
          for place in 0..<plane {
            values[grid.index(place)][channel - first] = scalars[channel * plane + place]
          }
        }
        return values
      }
    }
  }

  /// The picture `[1, C, H, W]` with some positions guessed from all others. Traps unless one is
  /// left.
  func picture(without missing: ArraySlice<Int>) -> Tensor {
    let plane = grid.width * grid.height
    precondition(missing.count < plane, "nothing is left to guess from")
    var isMissing = [Bool](repeating: false, count: plane)
    for place in missing { isMissing[place] = true }
    let holes = (0..<plane).filter { isMissing[$0] }
    var picture = input
    for (group, known) in planes.enumerated() {
      let solved = solution(known, holes: holes, isMissing: isMissing)
      picture.withMutableScalars { target in
        for channel in 4 * group..<min(4 * group + 4, input.shape[1]) {
          for place in holes {
            target[channel * plane + place] = solved[grid.index(place)][channel - 4 * group]
          }
        }
      }
    }
    return picture
  }

  private func solution(
    _ known: [SIMD4<Float>], holes: [Int], isMissing: [Bool]
  ) -> [SIMD4<Float>] {
    var x = CoarseGuess(known, isMissing: isMissing, grid: grid).filled
    if holes.isEmpty { return x }
    let places = holes.map { grid.index($0) }
    let diagonal = holes.map { grid.weight(around: $0) }
    let stride = grid.stride
    let limit = Self.tolerance * Self.tolerance * Float(places.count)
    // Zero but where something is missing.
    var direction = [SIMD4<Float>](repeating: .zero, count: grid.count)
    var residual = [SIMD4<Float>](repeating: .zero, count: places.count)
    var product = residual
    x.withUnsafeMutableBufferPointer { x in
      direction.withUnsafeMutableBufferPointer { direction in
        residual.withUnsafeMutableBufferPointer { residual in
          product.withUnsafeMutableBufferPointer { product in
            /// What the neighbours of a place give it.
            @inline(__always) func spread(
              _ values: UnsafeMutableBufferPointer<SIMD4<Float>>, _ at: Int
            ) -> SIMD4<Float> {
              let direct =
                values[at - 1] + values[at + 1] + values[at - stride] + values[at + stride]
              let diagonal =
                (values[at - stride - 1] + values[at - stride + 1])
                + (values[at + stride - 1] + values[at + stride + 1])
              return direct * (1 / 6) + diagonal * (1 / 12)
            }
            var square = SIMD4<Float>.zero
            for (index, at) in places.enumerated() {
              residual[index] = spread(x, at) - diagonal[index] * x[at]
              direction[at] = residual[index]
              square += residual[index] * residual[index]
            }
            for _ in 0..<Self.maximumRounds where square.max() > limit {
              var curvature = SIMD4<Float>.zero
              for index in places.indices {
                let at = places[index]
                product[index] = diagonal[index] * direction[at] - spread(direction, at)
                curvature += product[index] * direction[at]
              }
              let step = square.divided(by: curvature)
              var next = SIMD4<Float>.zero
              for index in places.indices {
                x[places[index]] += step * direction[places[index]]
                residual[index] -= step * product[index]
                next += residual[index] * residual[index]
              }
              let turn = next.divided(by: square)
              square = next
              for index in places.indices {
                direction[places[index]] = residual[index] + turn * direction[places[index]]
              }
            }
          }
        }
      }
    }
    return x
  }
}

extension SIMD4<Float> {
  /// Lane by lane; 0 where nothing is divided by nothing, as in a channel that is solved already.
  fileprivate func divided(by other: SIMD4<Float>) -> SIMD4<Float> {
    (self / other).replacing(with: 0, where: other .== SIMD4(repeating: 0))
  }
}

/// A plane with a border of one position around it, whose values stay zero.
struct PaddedGrid {
  let width: Int
  let height: Int

  var stride: Int { width + 2 }
  var count: Int { (width + 2) * (height + 2) }

  /// Where a position of the plane lies.
  @inline(__always) func index(_ place: Int) -> Int {
    (place / width + 1) * stride + place % width + 1
  }

  /// The weights of a position's neighbours within the plane: 1 but at its border.
  func weight(around place: Int) -> Float {
    let (x, y) = (place % width, place / width)
    let across: Float = (x > 0 ? 1 : 0) + (x < width - 1 ? 1 : 0)
    let down: Float = (y > 0 ? 1 : 0) + (y < height - 1 ? 1 : 0)
    return (across + down) / 6 + across * down / 12
  }
}

/// Missing positions filled by the mean of the smallest square, of a power of two, in which
/// something is known.
private struct CoarseGuess {
  private(set) var filled: [SIMD4<Float>]

  init(_ known: [SIMD4<Float>], isMissing: [Bool], grid: PaddedGrid) {
    /// Means of what is known, and whether anything is.
    var levels: [(width: Int, height: Int, values: [SIMD4<Float>], isKnown: [Bool])] = [
      (
        grid.width, grid.height, (0..<isMissing.count).map { known[grid.index($0)] },
        isMissing.map { !$0 }
      )
    ]
    while let fine = levels.last, fine.width * fine.height > 1 {
      let (width, height) = ((fine.width + 1) / 2, (fine.height + 1) / 2)
      var sums = [SIMD4<Float>](repeating: .zero, count: width * height)
      var counts = [Float](repeating: 0, count: width * height)
      for place in fine.values.indices where fine.isKnown[place] {
        let above = place / fine.width / 2 * width + place % fine.width / 2
        sums[above] += fine.values[place]
        counts[above] += 1
      }
      levels.append(
        (
          width, height, zip(sums, counts).map { $1 > 0 ? $0 / $1 : $0 },
          counts.map { $0 > 0 }
        ))
    }
    for level in levels.indices.dropLast().reversed() {
      let coarse = levels[level + 1]
      let width = levels[level].width
      for place in levels[level].values.indices where !levels[level].isKnown[place] {
        levels[level].values[place] =
          coarse.values[place / width / 2 * coarse.width + place % width / 2]
      }
    }
    filled = known
    for place in isMissing.indices where isMissing[place] {
      filled[grid.index(place)] = levels[0].values[place]
    }
  }
}
