import Kernels
import Tensors

/// Lays feature maps out with channels last, as the fast engine's convolutions want them.
///
/// Every slot `[N, C, H, W]` may get a twin `[N, H, W, C]`. Kernels that can work on twins do so where they
/// prefer it or where what they read lies there already; in between, values are transposed. Layers,
/// requests and whoever reads from outside see row-major arrays as ever.
enum ChannelsLast {
  static func apply(to program: inout Program) {
    var walk = Walk(program)
    let replacements = program.kernels.indices.map { walk.place(at: $0) }
    walk.placeSummed()
    program = walk.program
    program.rewrite { time, _ in replacements[time] }
  }

  /// One pass over the kernels, in order.
  private struct Walk {
    var program: Program
    /// Twins of slots.
    private var twins: [Int: Operand] = [:]
    /// In which orders each slot holds its value now.
    private var current: [Int: Set<FeatureLayout>] = [:]

    init(_ program: Program) { self.program = program }

    /// The kernels that do what the one at `time` does.
    mutating func place(at time: Int) -> [any Kernel] {
      let kernel = program.kernels[time]
      var kernels: [any Kernel] = []
      if let (moved, slots) = moved(kernel) {
        func layout(_ operand: Operand) -> FeatureLayout {
          operand.isSlot && slots.contains(index(of: operand)) ? .channelsLast : .channelsFirst
        }
        for operand in kernel.reads { kernels += bring(operand, into: layout(operand)) }
        kernels.append(moved)
        for operand in kernel.writes { note(operand, in: layout(operand)) }
      } else {
        for operand in kernel.reads { kernels += bring(operand, into: .channelsFirst) }
        kernels.append(kernel)
        for operand in kernel.writes { note(operand, in: .channelsFirst) }
      }
      // What is read from outside lies row-major at the end of the part that makes it.
      if time == program.forwardCount - 1 || time == program.kernels.count - 1 {
        let summed = program.summed.map { index(of: $0.operand) }
        for slot in current.keys.sorted() where program.slots[slot].isRead && slot != summed {
          guard let twin = twins[slot], let shape = shapes[slot] else { continue }
          let value = Operand(.slot(slot), shape: shape, element: twin.element)
          kernels += bring(value, into: .channelsFirst)
        }
      }
      return kernels
    }

    /// Has what is summed read where it lies.
    mutating func placeSummed() {
      guard let operand = program.summed?.operand, let twin = twins[index(of: operand)],
        current[index(of: operand)] == [.channelsLast]
      else { return }
      program.sum(twin, in: .channelsLast)
    }

    private var shapes: [Int: Shape] = [:]

    /// The kernel on twins, where it can and should work there, and the slots whose twins it takes: not
    /// all of rank 4 are maps, the gradient of a convolution's weights is none.
    private mutating func moved(
      _ kernel: any Kernel
    ) -> (kernel: any Kernel, slots: Set<Int>)? {
      guard let kernel = kernel as? any FeatureMapKernel else { return nil }
      let maps = (kernel.reads + kernel.writes).filter(isMap)
      // What cannot be transposed decides; otherwise the kernel's preference, and where values lie.
      let fixed = kernel.reads.filter { isMap($0) && $0.element != .float32 }
      if let first = fixed.first {
        guard current[index(of: first)] == [.channelsLast] else { return nil }
      } else {
        let lies = kernel.reads.contains {
          isMap($0) && !isSame($0) && current[index(of: $0)]?.contains(.channelsLast) == true
        }
        guard kernel.prefersChannelsLast || lies else { return nil }
      }
      for operand in maps { makeTwin(of: operand) }
      var taken: Set<Int> = []
      let moved = kernel.channelsLast { operand in
        guard operand.isSlot, operand.shape.rank == 4,
          let twin = twins[index(of: operand)], twin.shape == operand.shape.withChannelsLast
        else { return nil }
        taken.insert(index(of: operand))
        return twin
      }
      return moved.map { ($0, taken) }
    }

    private func isMap(_ operand: Operand) -> Bool { operand.isSlot && operand.shape.rank == 4 }

    private func index(of operand: Operand) -> Int { program.root(of: operand) }

    /// Whether both orders are the same bytes.
    private func isSame(_ operand: Operand) -> Bool {
      operand.shape[1] == 1 || operand.shape[2] * operand.shape[3] == 1
    }

    private mutating func makeTwin(of operand: Operand) {
      let index = index(of: operand)
      guard twins[index] == nil else { return }
      let shape = operand.shape.withChannelsLast
      shapes[index] = operand.shape
      twins[index] =
        isSame(operand)
        ? Operand(.slot(index), shape: shape, element: operand.element)
        : program.makeSlot(shape, element: operand.element)
    }

    /// The copies that bring a value into an order, if it does not lie there yet.
    private mutating func bring(_ operand: Operand, into layout: FeatureLayout) -> [any Kernel] {
      guard isMap(operand) || operand.isSlot && twins[index(of: operand)] != nil else { return [] }
      let index = index(of: operand)
      guard let twin = twins[index], let shape = shapes[index], twin.place != .slot(index)
      else { return [] }
      let lies = current[index] ?? [.channelsFirst]
      guard !lies.contains(layout) else { return [] }
      current[index] = lies.union([layout])
      let plain = Operand(.slot(index), shape: shape, element: operand.element)
      return [Transposition.between(plain, twin, to: layout)]
    }

    private mutating func note(_ operand: Operand, in layout: FeatureLayout) {
      guard operand.isSlot else { return }
      current[index(of: operand)] = [layout]
    }
  }
}

private enum Transposition {
  /// Copies maps between `[N, C, H, W]` and their twin.
  static func between(
    _ plain: Operand, _ twin: Operand, to layout: FeatureLayout
  ) -> StridedCopy {
    let strides = twin.shape.strides
    let twinned = StridedCopy.Lattice(
      twin, strides: [strides[0], strides[3], strides[1], strides[2]])
    let extents = plain.shape.extents
    return layout == .channelsLast
      ? StridedCopy(from: .init(plain), to: twinned, extents: extents)
      : StridedCopy(from: twinned, to: .init(plain), extents: extents)
  }
}
