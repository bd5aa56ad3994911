import Kernels
import Tensors

/// What a plan computes, before it has memory: kernels in order, and the slots that they work on.
///
/// Layers write programs through `PlanBuilder`, in the plainest form; passes make them faster.
struct Program {
  /// A piece of working memory.
  struct Slot {
    let byteCount: Int
    /// The slot whose memory this one shares, or its own index.
    var root: Int
    /// Written from outside before the pass part that reads it.
    var origin: Origin = .kernel
    /// Read from outside after the last kernel.
    var isRead = false

    enum Origin { case kernel, beforeForward, beforeBackward }
  }

  private(set) var kernels: [any Kernel] = []
  /// Kernels before this index belong to the forward pass.
  private(set) var forwardCount = 0
  private(set) var slots: [Slot] = []
  private(set) var parameters: [Tensor] = []
  /// Whether the reverse sweep may run again over one forward pass.
  let repeatsBackward: Bool
  /// A value that is read from outside in whatever order it lies.
  private(set) var summed: Summed?

  /// An operand, and how its maps lie where it has rank 4.
  struct Summed {
    let operand: Operand
    let layout: FeatureLayout
  }

  init(repeatsBackward: Bool) { self.repeatsBackward = repeatsBackward }

  // MARK: - Writing

  mutating func emit(_ kernel: any Kernel) { kernels.append(kernel) }

  /// What is emitted from now on belongs to the reverse sweep.
  mutating func endForward() { forwardCount = kernels.count }

  mutating func makeSlot(_ shape: Shape, element: Operand.Element = .float32) -> Operand {
    let operand = Operand(.slot(slots.count), shape: shape, element: element)
    slots.append(Slot(byteCount: operand.byteCount, root: slots.count))
    return operand
  }

  mutating func makeParameter(_ tensor: Tensor) -> Operand {
    parameters.append(tensor)
    return Operand(.parameter(parameters.count - 1), shape: tensor.shape)
  }

  /// Changes what is known of the slot that has an operand's memory.
  mutating func mark(_ operand: Operand, _ change: (inout Slot) -> Void) {
    change(&slots[root(of: operand)])
  }

  /// Has an operand read from outside after the last kernel as it lies there, in place of the one
  /// that was to be so far.
  mutating func sum(_ operand: Operand, in layout: FeatureLayout = .channelsFirst) {
    if let summed { mark(summed.operand) { $0.isRead = false } }
    mark(operand) { $0.isRead = true }
    summed = Summed(operand: operand, layout: layout)
  }

  /// Puts other kernels, perhaps none, in each kernel's place; they belong to the same part.
  mutating func rewrite(_ replacements: (_ time: Int, _ kernel: any Kernel) -> [any Kernel]) {
    var (all, forward) = ([any Kernel](), 0)
    for (time, kernel) in kernels.enumerated() {
      all += replacements(time, kernel)
      if time < forwardCount { forward = all.count }
    }
    (kernels, forwardCount) = (all, forward)
  }

  /// Leaves out kernels of whose results nothing comes.
  mutating func dropUnread() {
    var wanted = Set(slots.indices.filter { slots[$0].isRead })
    var dropped: Set<Int> = []
    for (time, kernel) in kernels.enumerated().reversed() {
      if kernel.writes.contains(where: { wanted.contains(root(of: $0)) }) {
        wanted.formUnion(kernel.reads.filter(\.isSlot).map(root))
      } else {
        dropped.insert(time)
      }
    }
    rewrite { time, kernel in dropped.contains(time) ? [] : [kernel] }
  }

  /// Gives an operand the memory of another. Traps unless it fits.
  mutating func share(_ operand: Operand, with other: Operand) {
    let (from, to) = (root(of: operand), root(of: other))
    precondition(slots[from].byteCount == slots[to].byteCount, "slots of different size")
    slots[to].isRead = slots[to].isRead || slots[from].isRead
    slots[from].root = to
  }

  // MARK: - Asking

  /// The slot that really has the memory. Traps for a parameter.
  func root(of operand: Operand) -> Int {
    guard case .slot(var index) = operand.place else {
      preconditionFailure("a parameter has no working memory")
    }
    while slots[index].root != index { index = slots[index].root }
    return index
  }

  func slot(of operand: Operand) -> Slot { slots[root(of: operand)] }

  func parameter(_ operand: Operand) -> Tensor? {
    guard case .parameter(let index) = operand.place else { return nil }
    return parameters[index]
  }

  /// When the memory of each root slot is read and written, by kernels and from outside.
  var uses: [SlotUses] {
    var uses = [SlotUses](repeating: SlotUses(), count: slots.count)
    func note(_ operands: [Operand], at time: Int, _ list: WritableKeyPath<SlotUses, [Int]>) {
      for operand in operands {
        guard case .slot = operand.place else { continue }
        let root = root(of: operand)
        if uses[root][keyPath: list].last != time { uses[root][keyPath: list].append(time) }
      }
    }
    for (time, kernel) in kernels.enumerated() {
      note(kernel.reads, at: time, \.reads)
      note(kernel.writes, at: time, \.writes)
    }
    return uses
  }
}

/// The kernels, by their time, that touch a slot; each list ascends.
struct SlotUses {
  var reads: [Int] = []
  var writes: [Int] = []
}

extension Operand {
  var isSlot: Bool {
    if case .slot = place { true } else { false }
  }

  /// Whether the value is known while the plan is made.
  var isConstant: Bool {
    if case .parameter = place { true } else { false }
  }
}
