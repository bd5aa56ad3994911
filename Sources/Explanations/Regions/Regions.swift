public import Tensors

/// A picture cut into regions that are kept or taken away as one.
public struct Regions: Sendable, Equatable {
  /// The region of each position, `[H · W]`, `0..<count`.
  public let labels: [Int]
  public let width: Int
  public let height: Int
  /// How many regions there are; each has a position.
  public let count: Int

  /// Numbers regions from 0 in the order in which they first appear, row by row. Traps unless there is
  /// a label for each position.
  public init(labels: [Int], width: Int, height: Int) {
    precondition(labels.count == width * height && !labels.isEmpty, "a label for each position")
    var numbers: [Int: Int] = [:]
    self.labels = labels.map { label in
      if let number = numbers[label] { return number }
      let number = numbers.count
      numbers[label] = number
      return number
    }
    self.width = width
    self.height = height
    count = numbers.count
  }

  /// Squares in about `count` fields, as many across as down.
  public static func grid(width: Int, height: Int, count: Int) -> Regions {
    let side = max(1, Int(Double(max(count, 1)).squareRoot().rounded()))
    let (columns, rows) = (min(side, width), min(side, height))
    return Regions(
      labels: (0..<width * height).map {
        ($0 / width * rows / height) * columns + ($0 % width * columns / width)
      }, width: width, height: height)
  }

  /// About so many superpixels of an input `[1, C, H, W]`, of about equal size, that follow edges.
  public static func superpixels(of input: Tensor, count: Int) -> Regions {
    SLIC(regions: count).regions(of: input)
  }

  /// A value for each region as a map `[1, H, W]`.
  func map(_ values: [Double]) -> Tensor {
    Tensor(labels.map { Float(values[$0]) }, shape: [1, height, width])
  }
}
