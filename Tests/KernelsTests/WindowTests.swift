import Kernels
import Testing

@testable import Kernels

@Suite struct WindowTests {
  @Test func `parameters that make no window are refused`() {
    #expect(Window.Axis(taps: 0) == nil)
    #expect(Window.Axis(taps: 1, stride: 0) == nil)
    #expect(Window.Axis(taps: 1, dilation: 0) == nil)
    #expect(Window.Axis(taps: 1, before: -1) == nil)
    #expect(Window.Axis(taps: .max) == nil)
  }

  @Test func `outputs are counted as the window fits`() throws {
    let axis = try #require(Window.Axis(taps: 3, stride: 2))
    #expect(axis.outputs(for: 2) == nil)
    #expect(axis.outputs(for: 3) == 1)
    #expect(axis.outputs(for: 6) == 2)
    #expect(axis.outputs(for: 6, roundingUp: true) == 3)
  }

  @Test func `a window that would start in the padding is not added by rounding up`() throws {
    let axis = try #require(Window.Axis(taps: 2, stride: 2, before: 0, after: 1))
    // Starting at 0, 2 and 4 of 3 + 1 elements: the last lies wholly in the padding.
    #expect(axis.outputs(for: 3, roundingUp: true) == 2)
    let wide = try #require(Window.Axis(taps: 1, stride: 3, before: 0, after: 1))
    #expect(wide.outputs(for: 3, roundingUp: true) == 1)
    #expect(wide.outputs(for: 4, roundingUp: true) == 2)
  }

  @Test func `the outputs that see a tap are those whose tap lies inside`() throws {
    for stride in 1...3 {
      for dilation in 1...3 {
        for (before, after) in [(0, 0), (2, 1), (5, 4)] {
          let axis = try #require(
            Window.Axis(
              taps: 3, stride: stride, dilation: dilation, before: before, after: after))
          for extent in 1...9 {
            guard let count = axis.outputs(for: extent) else { continue }
            for tap in 0..<3 {
              let expected = (0..<count).filter {
                (0..<extent).contains($0 * stride + tap * dilation - before)
              }
              #expect(Array(axis.outputs(seeing: tap, extent: extent, of: count)) == expected)
            }
          }
        }
      }
    }
  }
}
