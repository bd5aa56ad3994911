import Synchronization
public import Tensors

/// Trained values in the forms that kernels want them in, made once and shared by all plans that
/// compute with the same values.
public final class PackedWeights: Sendable {
  private struct Key: Hashable {
    let address: UInt?
    let form: ObjectIdentifier
  }

  private struct Entry {
    /// Held, so that no other values can come to lie at the same address.
    let source: Tensor
    let packed: any Packed
  }

  private let entries = Mutex<[Key: [Entry]]>([:])

  public init() {}

  /// Bytes of everything that is packed.
  public var byteCount: Int {
    entries.withLock { entries in
      entries.values.joined().reduce(0) { $0 + $1.packed.byteCount }
    }
  }

  /// The first packed form of these values that fits, or a new one.
  public func shared<P: Packed, E: Error>(
    of source: Tensor, where fits: (P) -> Bool, orMake make: () throws(E) -> P
  ) throws(E) -> P {
    let key = Key(
      address: source.withScalars { $0.baseAddress.map { UInt(bitPattern: $0) } },
      form: ObjectIdentifier(P.self))
    func known() -> P? {
      for case let packed as P in all(for: key) where fits(packed) { return packed }
      return nil
    }
    if let packed = known() { return packed }
    // Made outside the lock: others need not wait, and of two that are made at once one is kept.
    let packed = try make()
    let entry = Entry(source: source, packed: packed)
    entries.withLock { $0[key, default: []].append(entry) }
    guard let first = known(), first !== packed else { return packed }
    entries.withLock { $0[key]?.removeAll { $0.packed === packed } }
    return first
  }

  private func all(for key: Key) -> [any Packed] {
    entries.withLock { ($0[key] ?? []).map(\.packed) }
  }
}

/// Values in a form of some kernel's own, which never change.
public protocol Packed: AnyObject, Sendable {
  var byteCount: Int { get }
}
