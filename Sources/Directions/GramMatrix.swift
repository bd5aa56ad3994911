/// Inner products of all pairs of rows, `[N, N]`.
///
/// Each product is added up in an order that depends on the rows' length alone, so how many rows
/// are held at once changes no bit. N² F / 2 multiplications, in pairs of double precision.
struct GramMatrix {
  /// Symmetric.
  var products: [Double]
  let order: Int

  /// - Parameter block: how many rows may be held at once in each of two blocks, at least 1.
  init(of rows: DirectionRows, less mean: [Double]?, block: Int) throws {
    order = rows.count
    products = [Double](repeating: 0, count: order * order)
    let left = RowBlock(rows, capacity: min(block, order), less: mean)
    let right = order > block ? RowBlock(rows, capacity: block, less: mean) : left
    for first in stride(from: 0, to: order, by: block) {
      try left.load(first..<min(first + block, order))
      for second in stride(from: first, to: order, by: block) {
        let other = second == first ? left : right
        try other.load(second..<min(second + block, order))
        add(left, other)
      }
    }
  }

  /// Sum of the squares of all rows.
  var trace: Double { (0..<order).reduce(0) { $0 + products[$1 * (order + 1)] } }

  /// Pairs of columns that are worked on at a time: so many of two blocks' rows stay in a cache.
  private static let tile = 128

  /// The products of the rows of two blocks, `b` not before `a`.
  private mutating func add(_ a: RowBlock, _ b: RowBlock) {
    let order = order
    products.withUnsafeMutableBufferPointer { products in
      for column in stride(from: 0, to: a.stride, by: Self.tile) {
        let width = min(Self.tile, a.stride - column)
        for i in stride(from: 0, to: a.range.count, by: 4) {
          // Of a block with itself only what lies on and above the diagonal.
          for j in stride(from: a === b ? i : 0, to: b.range.count, by: 2) {
            let sums = Self.products(a.row(i) + column, b.row(j) + column, a.stride, width)
            for m in 0..<min(4, a.range.count - i) {
              for n in 0..<min(2, b.range.count - j) {
                let (row, other) = (a.range.lowerBound + i + m, b.range.lowerBound + j + n)
                guard row <= other else { continue }
                products[row * order + other] += n == 0 ? sums.0[m] : sums.1[m]
              }
            }
          }
        }
      }
      for i in a.range {
        for j in b.range where j > i { products[j * order + i] = products[i * order + j] }
      }
    }
  }

  /// The products of four rows with each of two, over some columns: eight sums in registers.
  @inline(__always)
  private static func products(
    _ a: UnsafePointer<SIMD2<Double>>, _ b: UnsafePointer<SIMD2<Double>>, _ stride: Int,
    _ width: Int
  ) -> (SIMD4<Double>, SIMD4<Double>) {
    let (a1, a2, a3) = (a + stride, a + 2 * stride, a + 3 * stride)
    let b1 = b + stride
    var (s00, s10, s20, s30) = (
      SIMD2<Double>.zero, SIMD2<Double>.zero, SIMD2<Double>.zero, SIMD2<Double>.zero
    )
    var (s01, s11, s21, s31) = (
      SIMD2<Double>.zero, SIMD2<Double>.zero, SIMD2<Double>.zero, SIMD2<Double>.zero
    )
    for k in 0..<width {
      let (x, y) = (b[k], b1[k])
      s00 += a[k] * x
      s10 += a1[k] * x
      s20 += a2[k] * x
      s30 += a3[k] * x
      s01 += a[k] * y
      s11 += a1[k] * y
      s21 += a2[k] * y
      s31 += a3[k] * y
    }
    return (
      SIMD4(s00.sum(), s10.sum(), s20.sum(), s30.sum()),
      SIMD4(s01.sum(), s11.sum(), s21.sum(), s31.sum())
    )
  }
}
