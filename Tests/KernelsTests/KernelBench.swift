import Tensors

@testable import Kernels

/// Binds kernels to memory of their own, one slot per tensor.
final class KernelBench {
  private var offsets: [Int] = []
  private var byteCount = 0
  private var parameters: [Tensor] = []
  private var stored: [(Operand, Tensor)] = []

  /// A value that lies in the plan's arena.
  func slot(_ tensor: Tensor) -> Operand {
    let operand = slot(tensor.shape)
    stored.append((operand, tensor))
    return operand
  }

  /// Room for a result. It starts as NaN, so that elements nobody writes are seen.
  func slot(_ shape: Shape, element: Operand.Element = .float32) -> Operand {
    let operand = Operand(.slot(offsets.count), shape: shape, element: element)
    offsets.append(byteCount)
    byteCount += (operand.byteCount + Memory.alignment - 1) / Memory.alignment * Memory.alignment
    if element == .float32 { stored.append((operand, Tensor(repeating: .nan, shape: shape))) }
    return operand
  }

  func parameter(_ tensor: Tensor) -> Operand {
    parameters.append(tensor)
    return Operand(.parameter(parameters.count - 1), shape: tensor.shape)
  }

  /// Runs kernels in order and gives what is in the operand afterwards. One thread unless told: more
  /// only get in the way of tests that run side by side.
  func run(
    _ kernels: any Kernel..., reading operand: Operand, on engine: Engine = .portable,
    threads: Int = 1
  ) -> Tensor {
    run(kernels, reading: operand, on: engine, threads: threads)
  }

  func run(
    _ kernels: [any Kernel], reading operand: Operand, on engine: Engine = .portable,
    threads: Int = 1
  ) -> Tensor {
    run(
      reading: operand, workspaceByteCount: kernels.map(\.workspaceByteCount).max() ?? 0,
      threads: threads
    ) { memory in kernels.map { engine.step(for: $0, in: memory) } }
  }

  /// Runs steps that `bind` chooses.
  func run(
    reading operand: Operand, workspaceByteCount: Int = 0, threads: Int = 1,
    _ bind: (Memory) throws -> [any Step]
  ) rethrows -> Tensor {
    ComputeThreads.setWidth(threads)
    let memory = Memory(
      offsets: offsets, arena: Arena(byteCount: byteCount), workspaceByteCount: workspaceByteCount,
      parameters: parameters)
    for (operand, tensor) in stored { memory.store(tensor, to: operand) }
    for step in try bind(memory) { step.run() }
    return memory.load(operand)
  }

  /// Whether an engine has a step of its own for a kernel.
  func isAccelerated(_ kernel: any Kernel, on engine: Engine) -> Bool {
    let memory = Memory(
      offsets: offsets, arena: Arena(byteCount: byteCount),
      workspaceByteCount: kernel.workspaceByteCount,
      parameters: parameters)
    return !(engine.step(for: kernel, in: memory) is PortableStep)
  }
}

extension Tensor {
  /// Reproducible values, spread evenly over -1...1.
  static func random(_ shape: Shape, seed: UInt64 = 1) -> Tensor {
    var state = seed &* 0x9e37_79b9_7f4a_7c15
    return Tensor(
      (0..<shape.count).map { _ in
        // splitmix64
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        bits ^= bits >> 31
        return Float(bits >> 40) / Float(1 << 23) - 1
      }, shape: shape)
  }

  /// The largest difference, relative to the largest magnitude of the expected values.
  func relativeDifference(from expected: Tensor) -> Float {
    (self - expected).largestMagnitude / max(expected.largestMagnitude, .leastNormalMagnitude)
  }

  /// The exact bits, so that -0 differs from 0 and NaN equals itself.
  var bits: [UInt32] { scalars.map(\.bitPattern) }
}

enum Tolerance {
  /// Two orders of summation of up to some thousand products of magnitude 1: the rounding errors
  /// grow like the square root of the count times 6e-8.
  static let reordered: Float = 1e-5
  /// Central differences in `Float` of a sum of some hundred terms: rounding 1e-7 · 100 over a step
  /// of 1e-2, and a curvature of order 1 times the step's square.
  static let difference: Float = 2e-3
}

/// The change of ⟨dy, f(x)⟩ along a random direction by central differences, and by the pullback dx.
func directionalDerivatives(
  of f: (Tensor) -> Tensor, at x: Tensor, cotangent dy: Tensor, pullback dx: Tensor
) -> (numeric: Double, exact: Double) {
  let direction = Tensor.random(x.shape, seed: 77)
  let step: Float = 1e-2
  var (forth, back) = (x, x)
  forth.add(direction, scaledBy: step)
  back.add(direction, scaledBy: -step)
  return ((dy.dot(f(forth)) - dy.dot(f(back))) / Double(2 * step), dx.dot(direction))
}

/// Whether the two agree, relative to what uncorrelated terms would add up to.
func agree(_ pair: (numeric: Double, exact: Double), count: Int) -> Bool {
  let scale = max(abs(pair.exact), Double(count).squareRoot())
  return abs(pair.numeric - pair.exact) <= Double(Tolerance.difference) * scale
}
