/// When convolutions are computed in tiles with `WinogradWeights`.
enum Winograd {
  /// Whether tiles can compute a convolution at all: 3x3 taps side by side, one group, and
  /// no output that sees padding alone.
  static func covers(_ geometry: ConvolutionGeometry) -> Bool {
    geometry.groups == 1
      && [geometry.window.rows, geometry.window.columns].allSatisfy {
        $0.taps == 3 && $0.stride == 1 && $0.dilation == 1 && $0.before <= 2
      }
  }

  /// Whether tiles are faster than the plain sum for outputs of this size.
  ///
  /// Costs are counted in multiplications that the plain sum would do meanwhile, as measured with
  /// AVX-512.
  ///
  /// - Parameter items: the pictures of every pass, where passes are of one size. Otherwise a picture
  ///   must get the same bits in any batch, and counts as if it were alone.
  static func pays(
    inputs: Int, outputs: Int, outputHeight: Int, outputWidth: Int, items: Int = 1
  ) -> Bool {
    let pairs = Double(inputs * outputs)
    let positions = Double(outputHeight * outputWidth)
    let tiles = Double((outputHeight + 3) / 4 * ((outputWidth + 3) / 4))
    // A tile takes 36 products, and its way in or out as long as 450 multiplications a channel.
    let tiled = tiles * (36 * pairs + 450 * Double(inputs + outputs))
    // What is won must be more than the measurement's noise.
    guard tiled < 0.85 * 9 * pairs * positions else { return false }
    // Weights beyond a megabyte are fetched from far, 36 for each 9 of the plain sum. For a single
    // picture of few tiles that takes longer than the plain sum's whole work, and no batch wins as
    // much as it loses.
    return pairs <= 8192 || tiles * Double(items) >= 12
  }
}
