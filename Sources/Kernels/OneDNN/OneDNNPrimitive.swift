#if TIDEMARK_ONEDNN
  import CComputeShims
  import Tensors

  /// What oneDNN could not do, in words.
  struct OneDNNError: Error {
    let message: String

    /// Throws what `tm_message` says unless the call went well.
    static func check(_ status: tm_status) throws(OneDNNError) {
      guard status == TM_OK else { throw OneDNNError(message: String(cString: tm_message())) }
    }
  }

  /// How the elements of an array lie in memory, as oneDNN describes it.
  final class OneDNNLayout {
    let handle: OpaquePointer

    /// Row-major order.
    init(rowMajor shape: Shape) throws(OneDNNError) {
      var created: OpaquePointer?
      let extents = shape.extents.map(Int64.init)
      try OneDNNError.check(tm_layout_create(Int32(extents.count), extents, &created))
      guard let created else { throw OneDNNError(message: "oneDNN made no layout for \(shape)") }
      handle = created
    }

    deinit { tm_layout_destroy(handle) }
  }

  /// An operation of oneDNN with everything chosen but the addresses.
  final class OneDNNPrimitive {
    private let handle: OpaquePointer

    /// Takes over what `create` makes.
    init(_ create: (inout OpaquePointer?) -> tm_status) throws(OneDNNError) {
      var created: OpaquePointer?
      try OneDNNError.check(create(&created))
      guard let created else { throw OneDNNError(message: "oneDNN made no primitive") }
      handle = created
    }

    /// A copy between two layouts, adding to the target where `adds`.
    convenience init(
      reordering source: OpaquePointer, to target: OpaquePointer, adds: Bool = false
    ) throws(OneDNNError) {
      try self.init { tm_reorder_create(source, target, adds, &$0) }
    }

    deinit { tm_primitive_destroy(handle) }

    /// The implementation that the library chose.
    var name: String { String(cString: tm_impl_name(handle)) }

    /// The layout expected for a role; it lives as long as the primitive.
    func layout(_ role: tm_role) -> OpaquePointer? { tm_primitive_layout(handle, role) }

    /// Bytes that a role's array takes; 0 where there is no such role.
    func byteCount(_ role: tm_role) -> Int { layout(role).map(tm_layout_byte_count) ?? 0 }

    /// Runs on these addresses. A primitive that was prepared runs: traps when it does not.
    func callAsFunction(_ addresses: KeyValuePairs<tm_role, UnsafeRawPointer>) {
      do {
        for (role, address) in addresses where layout(role) != nil {
          try OneDNNError.check(
            tm_primitive_bind(handle, role, UnsafeMutableRawPointer(mutating: address)))
        }
        try OneDNNError.check(tm_primitive_run(handle))
      } catch {
        preconditionFailure(error.message)
      }
    }
  }
#endif
