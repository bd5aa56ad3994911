#if TIDEMARK_ONEDNN
  import CComputeShims
#endif

extension Engine {
  /// The engine, the version of its library and the instruction set that it generates code for, such
  /// as `onednn 2.6.3 (avx512_core)`: what results may depend on to the last bit. Traps when this
  /// build lacks the engine.
  public var version: String {
    precondition(Self.available.contains(self), "this build has no \(rawValue) engine")
    #if TIDEMARK_ONEDNN
      if self == .oneDNN {
        return "\(rawValue) \(String(cString: tm_engine_version())) "
          + "(\(String(cString: tm_isa_name())))"
      }
    #endif
    return rawValue
  }
}
