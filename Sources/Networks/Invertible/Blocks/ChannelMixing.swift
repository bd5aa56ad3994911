import Kernels
public import Tensors

/// An orthogonal matrix applied to the channels at every position, `y = Q x`: a 1 × 1 convolution whose
/// inverse is its transpose, and log |det| = 0.
///
/// The matrix is chosen once and stays: the inner networks of the couplings are trained around it, and it
/// is as orthogonal at the end as in the beginning, while a product of trained reflections would have to be
/// multiplied out again for every step.
public struct ChannelMixing: InvertibleBlock {
  public static let kind = "channel-mixing"
  /// The largest element of QᵀQ − 1 that is accepted: rounding to floats leaves a tenth of it.
  public static let tolerance = 2e-6
  /// More would take long to be checked.
  public static let channelLimit = 1024

  public let name: String
  /// Q, `[C, C]`.
  public let matrix: Tensor

  public init(_ name: String, matrix: Tensor) {
    self.name = name
    self.matrix = matrix
  }

  /// A random rotation or reflection of `channels` channels, evenly distributed over all of them.
  ///
  /// - Parameter sample: which of the generator's matrices.
  public init(_ name: String, channels: Int, random: CounterRandom, sample: Int) {
    self.init(name, matrix: Self.orthogonal(random.normal([channels, channels], sample: sample)))
  }

  /// Rows made orthogonal to those before them, twice, in double precision.
  private static func orthogonal(_ matrix: Tensor) -> Tensor {
    let count = matrix.shape[0]
    let scalars = matrix.scalars.map(Double.init)
    var rows = (0..<count).map { Array(scalars[$0 * count..<($0 + 1) * count]) }
    for row in 0..<count {
      for _ in 0..<2 {
        for other in 0..<row {
          let share = dot(rows[row], rows[other])
          for column in 0..<count { rows[row][column] -= share * rows[other][column] }
        }
      }
      let length = dot(rows[row], rows[row]).squareRoot()
      rows[row] = rows[row].map { $0 / length }
    }
    return Tensor(rows.flatMap { $0.map { Float($0) } }, shape: matrix.shape)
  }

  private static func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
  }

  public func outputShape(for input: Shape) throws(LayerError) -> Shape {
    guard input.rank == 3, matrix.shape == [input[0], input[0]] else {
      throw LayerError("a matrix \(matrix.shape) does not mix the channels of \(input)")
    }
    let count = input[0]
    guard count <= Self.channelLimit else {
      throw LayerError("mixes \(count) channels; at most \(Self.channelLimit) are accepted")
    }
    let scalars = matrix.scalars.map(Double.init)
    let rows = (0..<count).map { Array(scalars[$0 * count..<($0 + 1) * count]) }
    for row in 0..<count {
      for other in 0...row {
        let error = Self.dot(rows[row], rows[other]) - (row == other ? 1 : 0)
        guard error.magnitude <= Self.tolerance else {
          throw LayerError(
            "its matrix is not orthogonal: QQ' - 1 is \(Float(error)) at \(row), \(other)")
        }
      }
    }
    return input
  }

  public func addForward(to draft: inout GraphDraft, input: Shape) throws(LayerError) {
    draft.add(name, try Convolution2D(mixing: matrix))
  }

  public func addInverse(to draft: inout GraphDraft, input: Shape) throws(LayerError) {
    draft.add("\(name).inverse", try Convolution2D(mixing: matrix.transposed))
  }

  public var fixedLayers: Set<LayerName> { [LayerName(name)] }

  public var record: InvertibleStructure.Block { .init(Self.kind, name) }

  public init(
    _ record: InvertibleStructure.Block, of layers: InvertibleStructure.Layers
  ) throws(NetworkError) {
    let layer = try layers.layer(LayerName(record.name), as: Convolution2D.self)
    let (rows, columns) = (layer.weights.shape[0], layer.weights.shape[1])
    guard layer.weights.count == rows * columns else {
      throw .invertible("'\(record.name)' is a convolution of \(layer.weights.shape), not of 1x1")
    }
    self.init(record.name, matrix: layer.weights.reshaped(to: [rows, columns]))
  }
}

extension Tensor {
  /// A matrix with rows and columns exchanged.
  fileprivate var transposed: Tensor {
    let (rows, columns) = (shape[0], shape[1])
    let scalars = scalars
    return Tensor(
      (0..<count).map { scalars[$0 % rows * columns + $0 / rows] }, shape: [columns, rows])
  }
}

extension Convolution2D {
  /// A matrix `[C', C]` applied to the channels at every position.
  fileprivate init(mixing matrix: Tensor) throws(LayerError) {
    guard let axis = Window.Axis(taps: 1) else { throw LayerError("no window has 1 tap") }
    try self.init(
      weights: matrix.reshaped(to: [matrix.shape[0], matrix.shape[1], 1, 1]),
      window: Window(rows: axis, columns: axis))
  }
}
