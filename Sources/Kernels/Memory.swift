public import Tensors

/// The memory of one plan: an arena whose slots lie at planned offsets, and the parameters beside it;
/// those that are being trained lie in memory that several plans share.
///
/// Not Sendable: it belongs to the plan that owns it, and a plan is driven by one thread at a time.
public final class Memory {
  /// Every slot starts at a multiple of this many bytes.
  public static let alignment = 64

  /// The next multiple of the alignment.
  public static func aligned(_ byteCount: Int) -> Int {
    (byteCount + alignment - 1) / alignment * alignment
  }

  private let arena: Arena
  private let offsets: [Int]
  private let parameters: [Tensor]
  private let external: ExternalMemory?
  /// What steps share with those of other plans.
  let packedWeights: PackedWeights

  /// - Parameters:
  ///   - offsets: byte offset of each slot in the arena.
  ///   - arena: what the slots lie in; several plans may share one.
  ///   - workspaceByteCount: size of what kernels may use while they run; it keeps nothing.
  ///   - parameters: what `Operand.Place.parameter` indexes.
  ///   - external: what `Operand.Place.external` counts in.
  ///   - packedWeights: where forms of the parameters are kept.
  public init(
    offsets: [Int], arena: Arena, workspaceByteCount: Int, parameters: [Tensor],
    external: ExternalMemory? = nil, packedWeights: PackedWeights = PackedWeights()
  ) {
    self.packedWeights = packedWeights
    self.offsets = offsets
    self.parameters = parameters
    self.external = external
    self.arena = arena
    arena.reserveWorkspace(workspaceByteCount)
  }

  /// The values of a slot, or beside the plan, to be written. Traps for a parameter.
  func write(_ operand: Operand) -> UnsafeMutablePointer<Float> {
    slot(operand).assumingMemoryBound(to: Float.self)
  }

  /// A parameter as the plan was given it; nil for what may change.
  func parameter(_ operand: Operand) -> Tensor? {
    guard case .parameter(let index) = operand.place else { return nil }
    return parameters[index]
  }

  /// The weights of a convolution as they are now; nil for what a plan computes.
  func weights(_ operand: Operand) -> Tensor? {
    switch operand.place {
    case .parameter(let index): parameters[index]
    case .external: load(operand)
    case .slot: nil
    }
  }

  /// Where forms of a parameter are kept; nil for one that changes.
  func packedWeights(of operand: Operand) -> PackedWeights? {
    parameter(operand) == nil ? nil : packedWeights
  }

  /// Weights in a kernel's own form: shared with other plans where they are constants, and made anew for
  /// each run where they change. Nil for what a plan computes.
  func packed<P: Packed>(
    _ operand: Operand, where fits: (P) -> Bool, orMake make: @escaping (Tensor) -> P
  ) -> PackedForm<P>? {
    guard let values = weights(operand) else { return nil }
    guard parameter(operand) == nil else {
      return PackedForm(first: packedWeights.shared(of: values, where: fits) { make(values) })
    }
    return PackedForm(first: make(values)) { [unowned self] in make(load(operand)) }
  }

  /// The values of a slot or parameter.
  func read(_ operand: Operand) -> UnsafePointer<Float> {
    switch operand.place {
    case .slot, .external: return UnsafePointer(write(operand))
    case .parameter(let index):
      // The plan keeps its parameters alive, and a tensor's memory does not move while it lives.
      return parameters[index].withScalars { scalars in
        scalars.baseAddress ?? UnsafePointer(write(operand))
      }
    }
  }

  /// Indices that a forward kernel leaves for its backward one.
  func indices(_ operand: Operand) -> UnsafeMutablePointer<Int32> {
    slot(operand).assumingMemoryBound(to: Int32.self)
  }

  /// The bytes of a mask, one bit for each element.
  func bits(_ operand: Operand) -> UnsafeMutablePointer<UInt8> {
    slot(operand).assumingMemoryBound(to: UInt8.self)
  }

  /// Makes sure that `scratch` has this many bytes, for a step that needs more than its kernel told.
  /// What was there is lost.
  func reserveScratch(_ byteCount: Int) { arena.reserveWorkspace(byteCount) }

  /// Bytes of `scratch`.
  public var workspaceByteCount: Int { arena.workspaceByteCount }

  /// Room for a kernel's intermediate values, as large as its `workspaceByteCount`. It may move when
  /// a further step is bound to this memory.
  func scratch() -> UnsafeMutablePointer<Float> {
    arena.workspace.assumingMemoryBound(to: Float.self)
  }

  /// Copies a tensor into a slot. Traps unless the counts agree.
  public func store(_ tensor: Tensor, to operand: Operand) {
    precondition(tensor.count == operand.count, "\(tensor.shape) does not fit \(operand.shape)")
    tensor.withScalars { scalars in
      guard let start = scalars.baseAddress else { return }
      write(operand).update(from: start, count: scalars.count)
    }
  }

  /// Copies a slot or parameter out.
  public func load(_ operand: Operand) -> Tensor {
    Tensor(shape: operand.shape) { target in
      guard let start = target.baseAddress else { return }
      start.initialize(from: read(operand), count: target.count)
    }
  }

  private func slot(_ operand: Operand) -> UnsafeMutableRawPointer {
    switch operand.place {
    case .slot(let index): return arena.start + offsets[index]
    case .external(let start):
      guard let external, start + operand.count <= external.scalars.count,
        let base = external.scalars.baseAddress
      else { preconditionFailure("nothing lies beside the plan at \(start)") }
      return UnsafeMutableRawPointer(base + start)
    case .parameter: preconditionFailure("a parameter is read only")
    }
  }
}
