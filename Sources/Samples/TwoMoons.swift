import Foundation
public import Tensors

/// Points of two classes in the plane: half circles that reach into each other, blurred by noise.
///
/// The first class lies on (cos t, sin t), the second on (1 − cos t, ½ − sin t), with t evenly spaced over
/// 0...π; normal noise is added to both coordinates. It is how scikit-learn makes its `make_moons`, with
/// random numbers of our own.
public struct TwoMoons: Sendable {
  /// `[N, 2, 1, 1]`: across and up, in an order in which classes are mixed.
  public let points: Tensor
  /// 0 or 1 for each point.
  public let classes: [Int]

  /// - Parameters:
  ///   - count: of points, half of them of each class.
  ///   - noise: the deviation of either coordinate.
  public init(count: Int = 1000, noise: Double = 0.2, seed: UInt64) {
    let random = CounterRandom(seed: seed, stream: Self.stream)
    let blur = random.normal([count, 2], sample: 0)
    let first = count / 2
    var order = random.sequence(sample: 1)
    let mixed = (0..<count).shuffled(using: &order)
    var points: [Float] = []
    for index in mixed {
      let (place, length) = index < first ? (index, first) : (index - first, count - first)
      let t = Double.pi * Double(place) / Double(max(length - 1, 1))
      let (across, up) = index < first ? (cos(t), sin(t)) : (1 - cos(t), 0.5 - sin(t))
      points.append(Float(across + noise * Double(blur[2 * index])))
      points.append(Float(up + noise * Double(blur[2 * index + 1])))
    }
    self.points = Tensor(points, shape: [count, 2, 1, 1])
    classes = mixed.map { $0 < first ? 0 : 1 }
  }

  private init(points: Tensor, classes: [Int]) {
    self.points = points
    self.classes = classes
  }

  /// Other numbers than those of pictures.
  private static let stream: UInt32 = 0x6D6F_6F6E

  /// Points in their order.
  public subscript(_ range: Range<Int>) -> TwoMoons {
    TwoMoons(points: points.items(range), classes: Array(classes[range]))
  }

  public var count: Int { classes.count }
}
