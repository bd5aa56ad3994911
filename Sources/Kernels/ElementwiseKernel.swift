/// A kernel that reads each element of some operands just before it writes the same element of its
/// result, and never again.
public protocol ElementwiseKernel: Kernel {
  /// Operands whose memory the result may take; none where the result is added to what is there.
  var overwritable: [Operand] { get }
}

extension Map: ElementwiseKernel {
  public var overwritable: [Operand] { [input] }
}

extension MapPullback: ElementwiseKernel {
  public var overwritable: [Operand] { accumulates ? [] : [outputCotangent, subject] }
}

extension MaskPullback: ElementwiseKernel {
  public var overwritable: [Operand] { accumulates ? [] : [outputCotangent] }
}

extension Broadcast: ElementwiseKernel {
  public var overwritable: [Operand] { [first, second].filter { $0.shape == output.shape } }
}
