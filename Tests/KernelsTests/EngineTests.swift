import Kernels
import Tensors
import Testing

@testable import Kernels

@Suite struct EngineTests {
  @Test func `the portable engine is always there, and the preferred one is first`() {
    #expect(Engine.available.contains(.portable))
    #expect(Engine.available.first == Engine.preferred)
  }

  @Test func `a kernel that oneDNN does not know runs in plain Swift`() {
    for engine in Engine.available {
      let bench = KernelBench()
      let y = bench.slot([4])
      #expect(!bench.isAccelerated(Fill(y), on: engine))
      #expect(bench.run(Fill(y, with: 1), reading: y, on: engine).scalars == [1, 1, 1, 1])
    }
  }
}
