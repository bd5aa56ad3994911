public import Tensors

/// Names a place in a plan's memory and says what lies there.
///
/// Kernels are written against operands before any memory exists; `Memory` resolves them.
public struct Operand: Sendable, Hashable {
  public enum Place: Sendable, Hashable {
    /// Working memory of the plan, shared between values whose lifetimes do not meet.
    case slot(Int)
    /// A trained value or a constant, read only.
    case parameter(Int)
    /// Memory beside the plan's, which others may change between its passes: the number of the float
    /// at which it begins.
    case external(Int)
  }

  /// What one element is. Everything but indices and masks is `Float`.
  public enum Element: Sendable, Hashable {
    case float32, int32
    /// Eight to a byte, the first one lowest.
    case bit
  }

  public let place: Place
  public let shape: Shape
  public let element: Element

  public init(_ place: Place, shape: Shape, element: Element = .float32) {
    self.place = place
    self.shape = shape
    self.element = element
  }

  public var count: Int { shape.count }
  public var byteCount: Int {
    switch element {
    case .float32, .int32: shape.count * 4
    case .bit: (shape.count + 7) / 8
    }
  }

  /// The same place under another shape. Traps unless the counts agree.
  public func reshaped(to shape: Shape) -> Operand {
    precondition(shape.count == count, "\(self.shape) cannot be seen as \(shape)")
    return Operand(place, shape: shape, element: element)
  }
}
