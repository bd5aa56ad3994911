public import Kernels
public import Tensors

/// An operator of the graph: its shape rule, and its forward and backward steps side by side.
///
/// A layer is a description. It computes nothing itself: asked during compilation, it emits kernels
/// into a plan. Inputs and output carry the batch as leading extent, except constants.
public protocol Layer: Sendable {
  /// The operator's name, as ONNX spells it where it has one.
  static var kind: String { get }

  /// Trained values and constants, in an order that the layer fixes.
  var parameters: [Tensor] { get }

  /// The output's shape. Throws when the inputs do not fit; everything that `forward` relies on is
  /// checked here.
  func outputShape(for inputs: [Shape]) throws(LayerError) -> Shape

  /// Whether item n of the output depends on item n of the inputs alone, for inputs that passed
  /// `outputShape`. What works along the leading axis does not; its network runs pictures singly.
  func isItemwise(for inputs: [Shape]) -> Bool

  /// Whether, in inference, the output is an affine function of this input where the others stay as
  /// they are. Cotangents of several pictures may then be added up before they are carried back.
  func isAffine(inInput index: Int) -> Bool

  /// Emits the kernels that compute `site.output` from `site.inputs`.
  func forward(_ site: Site, into plan: inout PlanBuilder)

  /// Emits the kernels that carry the cotangent of the output back to the inputs that want one,
  /// each through `plan.contribute(to:of:_:)`, and to the parameters that want one, through
  /// `plan.contribute(toParameter:of:_:)`. What these kernels read of the forward pass is
  /// kept for them; a value that is cheap to compute again may be computed again here.
  func backward(_ site: Site, into plan: inout PlanBuilder)

  /// How a finite slope takes the derivative's place where these inputs, at least one, change from a
  /// reference. By default the step of a layer that is affine in the only one of them, and an average
  /// for all others.
  func rescaling(ofInputs changing: [Int]) -> Rescaling

  /// Multiplications and additions of one forward step.
  func operations(inputs: [Shape], output: Shape) -> Int
}

extension Layer {
  public var parameters: [Tensor] { [] }
  public func isItemwise(for inputs: [Shape]) -> Bool { true }
  public func isAffine(inInput index: Int) -> Bool { false }
  public func rescaling(ofInputs changing: [Int]) -> Rescaling {
    changing.count == 1 && isAffine(inInput: changing[0]) ? .step : .average(points: 8)
  }
  public func operations(inputs: [Shape], output: Shape) -> Int { output.count }
  public var kind: String { Self.kind }
}

/// A layer's place in a plan under construction.
public struct Site: Sendable {
  public let name: LayerName
  /// Names of the inputs, for the builder's use.
  let inputNames: [LayerName]
  public let inputs: [Operand]
  public let output: Operand
  /// Where the layer's parameters lie, in its own order.
  public let parameters: [Operand]
  /// What the forward step left for the backward one through `PlanBuilder.save`.
  public internal(set) var saved: [Operand] = []
  /// The same layer's place in the pass that this one is compared with, for a backward step that looks
  /// at both.
  public internal(set) var reference: Reference?

  /// What lies in the other pass, as in this one.
  public struct Reference: Sendable {
    public let inputs: [Operand]
    public let output: Operand
    public let saved: [Operand]
  }
}
