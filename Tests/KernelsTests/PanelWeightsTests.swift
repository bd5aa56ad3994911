import CKernels
import Tensors
import Testing

@testable import Kernels

@Suite struct PanelWeightsTests {
  /// A product with gaps between the rows, and what may be done with its result.
  struct Case: CustomTestStringConvertible {
    var rows: Int
    var depth: Int
    var columns: Int
    var hasBias = false
    var accumulates = false
    var bounds: ClosedRange<Float> = -Float.infinity...Float.infinity

    var testDescription: String {
      "\(rows)x\(depth)x\(columns)" + (hasBias ? " + bias" : "") + (accumulates ? " +=" : "")
    }

    var stride: Int { depth + 3 }
    var outStride: Int { columns + 5 }
    var a: Tensor { .random([rows, stride], seed: 1) }
    /// `[columns, depth]`
    var weights: Tensor { .random([columns, depth], seed: 2) }
    var bias: Tensor { .random([columns], seed: 3) }
    var start: Tensor { .random([rows, outStride], seed: 4) }

    /// The definition, in double precision; gaps as they were.
    var expected: Tensor {
      let (a, w, b) = (a.scalars, weights.scalars, bias.scalars)
      var out = start.scalars
      for m in 0..<rows {
        for n in 0..<columns {
          var sum = accumulates ? Double(out[m * outStride + n]) : 0
          if hasBias { sum += Double(b[n]) }
          for k in 0..<depth { sum += Double(a[m * stride + k]) * Double(w[n * depth + k]) }
          out[m * outStride + n] = min(max(Float(sum), bounds.lowerBound), bounds.upperBound)
        }
      }
      return Tensor(out, shape: start.shape)
    }

    /// Packs and multiplies some rows, all unless told.
    func run(
      rows some: Range<Int>? = nil, threads: Int = 1, with instructions: tm_isa
    ) -> Tensor {
      ComputeThreads.setWidth(threads)
      let packed = weights.withScalars { weights in
        PanelWeights(
          weights.baseAddress.unsafelyUnwrapped, rowStep: 1, columnStep: depth, depth: depth,
          columns: columns, for: instructions)
      }
      let some = some ?? 0..<rows
      var out = start.scalars
      a.withScalars { a in
        bias.withScalars { bias in
          out.withUnsafeMutableBufferPointer { out in
            packed.run(
              rows: some.count, a.baseAddress.unsafelyUnwrapped + some.lowerBound * stride,
              stride: stride,
              into: out.baseAddress.unsafelyUnwrapped + some.lowerBound * outStride,
              outStride: outStride, bias: hasBias ? bias.baseAddress : nil,
              accumulates: accumulates, bounds: bounds)
          }
        }
      }
      return Tensor(out, shape: start.shape)
    }
  }

  static let cases: [Case] = [
    Case(rows: 1, depth: 1, columns: 1),
    Case(rows: 1, depth: 300, columns: 70, hasBias: true),
    Case(rows: 13, depth: 7, columns: 31, accumulates: true),
    Case(rows: 15, depth: 27, columns: 16, hasBias: true, bounds: 0...Float.infinity),
    Case(rows: 29, depth: 64, columns: 40, hasBias: true, accumulates: true, bounds: 0...6),
    Case(rows: 100, depth: 513, columns: 10, hasBias: true, accumulates: true),
    Case(rows: 200, depth: 40, columns: 200, bounds: -1...1),
  ]

  @Test(arguments: cases, tm_isa.available)
  func `a product is the sum over its terms, and gaps are left alone`(
    of it: Case, with instructions: tm_isa
  ) {
    #expect(it.run(with: instructions).relativeDifference(from: it.expected) < Tolerance.reordered)
  }

  @Test(arguments: cases, tm_isa.available)
  func `an element's bits depend neither on other rows nor on the threads`(
    of it: Case, with instructions: tm_isa
  ) {
    let whole = it.run(with: instructions)
    #expect(it.run(threads: 2, with: instructions).bits == whole.bits)
    for height in [1, 6, 14] where height < it.rows {
      let first = it.rows - height
      let part = it.run(rows: first..<it.rows, with: instructions)
      let count = height * it.outStride
      #expect(part.bits.suffix(count) == whole.bits.suffix(count))
    }
  }

  @Test(arguments: tm_isa.available)
  func `NaN passes the bounds`(with instructions: tm_isa) {
    let weights = PanelWeights(
      [.nan, 1], rowStep: 1, columnStep: 1, depth: 1, columns: 2,
      for: instructions)
    var out: [Float] = [0, 0]
    weights.run(rows: 1, [2], stride: 1, into: &out, outStride: 2, bounds: 0...1)
    #expect(out[0].isNaN)
    #expect(out[1] == 1)
  }
}

extension tm_isa {
  /// The instruction sets that this processor has.
  static let available = [TM_ISA_PLAIN, TM_ISA_AVX2, TM_ISA_AVX512].filter {
    $0.rawValue <= tm_isa_chosen().rawValue
  }
}
