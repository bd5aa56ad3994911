import CKernels
import Tensors
import Testing

@testable import Kernels

@Suite(.serialized) struct GateTests {
  static let gates = [Gate.rectifier, Gate(low: -0.5, high: 0.25), Gate(low: 0, high: 6)]

  @Test(arguments: gates, [1, 7, 8, 16, 31, 1000, 70_001])
  func `a mask on the way back is the gate's slope`(_ gate: Gate, count: Int) {
    var value = Tensor.random([count], seed: 1)
    for index in stride(from: 0, to: count, by: 5) { value[index] = gate.low }
    if count > 3 { value[2] = .nan }
    let dy = Tensor.random([count], seed: 2)
    let start = Tensor.random([count], seed: 3)
    for set in [TM_ISA_PLAIN, TM_ISA_AVX2, TM_ISA_AVX512] {
      tm_isa_limit(set)
      defer { tm_isa_limit(TM_ISA_AVX512) }
      for engine in Engine.available {
        for rule in [BackwardRule.exact, .guided] {
          for accumulates in [false, true] {
            let bench = KernelBench()
            let mask = bench.slot([count], element: .bit)
            let dx = bench.slot(start)
            let y = bench.slot(value)
            let found = bench.run(
              GateMask(value: y, mask: mask, gate: gate),
              MaskPullback(
                outputCotangent: bench.slot(dy), mask: mask, inputCotangent: dx, rule: rule,
                accumulates: accumulates), reading: dx, on: engine)
            let expected = (0..<count).map { index in
              let y = value[index]
              let isOpen = y > gate.low && y < gate.high && (rule == .exact || dy[index] > 0)
              return (isOpen ? dy[index] : 0) + (accumulates ? start[index] : 0)
            }
            #expect(found.scalars == expected)
          }
        }
      }
    }
  }

  @Test func `NaN passes a gate`() {
    #expect(Gate.rectifier(.nan).isNaN)
    #expect(Gate(low: 0, high: 6)(.nan).isNaN)
    #expect(Gate(low: 0, high: 6)(7) == 6)
    #expect(Gate(low: 0, high: 6)(-7) == 0)
  }
}
