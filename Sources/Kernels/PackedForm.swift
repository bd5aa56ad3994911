/// Weights in a kernel's own form, for steps that run again and again.
struct PackedForm<P: Packed> {
  /// Made with the step, of the values at that time.
  let first: P
  private let remake: (() -> P)?

  /// - Parameter remake: gives the form of the values as they are, where they change between runs.
  init(first: P, remake: (() -> P)? = nil) {
    self.first = first
    self.remake = remake
  }

  /// To be asked for once in a run.
  var current: P { remake?() ?? first }
}
