import Tensors

/// A value of an ONNX graph that is known when the file is read: an initializer, or what was computed
/// from such.
struct ONNXConstant {
  /// Numbers as the reader keeps them: every real type as `Float`, every whole one (truth values
  /// included) as `Int`, so that arithmetic on shapes is exact.
  enum Elements {
    case floats(Tensor)
    case integers([Int])
  }

  /// The name of the value in the file.
  let name: String
  let shape: Shape
  let elements: Elements

  init(_ tensor: Tensor, name: String) {
    self.name = name
    shape = tensor.shape
    elements = .floats(tensor)
  }

  /// Traps unless there are `shape.count` integers; a list by default.
  init(_ integers: [Int], shape: Shape? = nil, name: String) {
    let shape = shape ?? [integers.count]
    precondition(integers.count == shape.count, "\(shape) takes \(shape.count) integers")
    self.name = name
    self.shape = shape
    elements = .integers(integers)
  }

  /// The values as a tensor; whole numbers are rounded to the nearest `Float`.
  var tensor: Tensor {
    switch elements {
    case .floats(let tensor): tensor
    case .integers(let integers): Tensor(integers.map { Float($0) }, shape: shape)
    }
  }

  /// The values as integers; nil where they are real numbers.
  var integers: [Int]? {
    guard case .integers(let integers) = elements else { return nil }
    return integers
  }

  /// The same values under another shape. Traps unless the counts agree.
  func reshaped(to shape: Shape, name: String? = nil) -> ONNXConstant {
    let name = name ?? self.name
    return switch elements {
    case .floats(let tensor): ONNXConstant(tensor.reshaped(to: shape), name: name)
    case .integers(let integers): ONNXConstant(integers, shape: shape, name: name)
    }
  }

  /// Itself. Throws for more dimensions than are accepted.
  func checked() throws(LayerError) -> ONNXConstant {
    guard shape.rank <= ModelLimits.rank else {
      throw LayerError(
        "'\(name)' has \(shape.rank) dimensions; at most \(ModelLimits.rank) are accepted")
    }
    return self
  }

  /// Some of the elements, by their positions in row-major order. Traps unless there are
  /// `shape.count` positions, all inside.
  func picking(
    _ positions: some Sequence<Int>, shape: Shape, name: String
  ) -> ONNXConstant {
    switch elements {
    case .integers(let integers):
      return ONNXConstant(positions.map { integers[$0] }, shape: shape, name: name)
    case .floats(let tensor):
      let scalars = tensor.withScalars { source in positions.map { source[$0] } }
      return ONNXConstant(Tensor(scalars, shape: shape), name: name)
    }
  }
}
