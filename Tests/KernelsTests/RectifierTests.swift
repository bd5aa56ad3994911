import Kernels
import Tensors
import Testing

@testable import Kernels

@Suite struct RectifierTests {
  @Test func `a rectifier keeps what is positive, and NaN`() {
    let f = Rectifier()
    #expect(f(2) == 2)
    #expect(f(-2) == 0)
    #expect(f(0) == 0)
    #expect(f(.nan).isNaN)
    #expect(f(-.infinity) == 0)
  }

  @Test(arguments: BackwardRule.allCases)
  func `a rule lets back what it says`(rule: BackwardRule) {
    let dy = Tensor.random([2, 3, 50], seed: 1)
    let y = Tensor.random([2, 3, 50], seed: 2).map { max($0, 0) }
    let expected = dy.zip(with: y) { dy, y in
      switch rule {
      case .exact: y > 0 ? dy : 0
      case .guided: y > 0 && dy > 0 ? dy : 0
      case .deconvolution: dy > 0 ? dy : 0
      }
    }
    let start = Tensor.random([2, 3, 50], seed: 3)
    for accumulates in [true, false] {
      let bench = KernelBench()
      let dx = bench.slot(start)
      let found = bench.run(
        RectifierPullback(
          outputCotangent: bench.slot(dy), output: bench.slot(y), inputCotangent: dx, rule: rule,
          accumulates: accumulates), reading: dx)
      #expect(found == (accumulates ? start + expected : expected))
    }
  }

  @Test func `the exact rule is the derivative of the map`() {
    let dy = Tensor.random([97], seed: 1)
    let y = Tensor.random([97], seed: 2).map { max($0, 0) }
    let bench = KernelBench()
    let (a, b) = (bench.slot([97]), bench.slot([97]))
    let (dyPlace, yPlace) = (bench.slot(dy), bench.slot(y))
    let byRule = bench.run(
      RectifierPullback(
        outputCotangent: dyPlace, output: yPlace, inputCotangent: a, rule: .exact,
        accumulates: false), reading: a)
    let byMap = bench.run(
      MapPullback(
        outputCotangent: dyPlace, subject: yPlace, inputCotangent: b, function: Rectifier(),
        accumulates: false), reading: b)
    #expect(byRule == byMap)
  }
}
