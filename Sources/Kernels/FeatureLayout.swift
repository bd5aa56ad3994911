public import Tensors

/// How feature maps lie in memory.
public enum FeatureLayout: Sendable, Hashable {
  /// `[N, C, H, W]`
  case channelsFirst
  /// `[N, H, W, C]`
  case channelsLast

  /// The shape `[N, C, H, W]` of maps that lie in this order.
  public func channelsFirst(_ shape: Shape) -> Shape {
    switch self {
    case .channelsFirst: shape
    case .channelsLast: [shape[0], shape[3], shape[1], shape[2]]
    }
  }
}

extension Shape {
  /// `[N, H, W, C]` of `[N, C, H, W]`.
  public var withChannelsLast: Shape { [self[0], self[2], self[3], self[1]] }
}

/// Feature maps brought from one order into the other.
enum Planes {
  /// `[items, columns, rows]` of `[items, rows, columns]`.
  static func transpose(
    _ source: UnsafePointer<Float>, items: Int, rows: Int, columns: Int,
    to target: UnsafeMutablePointer<Float>
  ) {
    // Tiles that stay in the nearest cache, since one side is always walked in long steps.
    let edge = 16
    for item in 0..<items {
      let (x, y) = (source + item * rows * columns, target + item * rows * columns)
      for row in stride(from: 0, to: rows, by: edge) {
        for column in stride(from: 0, to: columns, by: edge) {
          for i in row..<min(row + edge, rows) {
            for j in column..<min(column + edge, columns) {
              y[j &* rows &+ i] = x[i &* columns &+ j]
            }
          }
        }
      }
    }
  }

  /// Lets `body` fill maps from others, both with channels first: copies of maps that lie in another
  /// order, for kernels that know no other one and are rarely asked for it.
  ///
  /// - Parameters:
  ///   - layout: how both maps lie.
  ///   - keeps: whether `body` looks at what the target holds.
  static func withChannelsFirst(
    from source: UnsafePointer<Float>, _ shape: Shape, to target: UnsafeMutablePointer<Float>,
    _ targetShape: Shape, in layout: FeatureLayout, keeping keeps: Bool,
    _ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) {
    guard layout == .channelsLast else { return body(source, target) }
    let (positions, channels) = (targetShape[1] * targetShape[2], targetShape[3])
    withCopy(of: shape) { x in
      transpose(source, items: shape[0], rows: shape[1] * shape[2], columns: shape[3], to: x)
      withCopy(of: targetShape) { y in
        if keeps {
          transpose(target, items: shape[0], rows: positions, columns: channels, to: y)
        }
        body(x, y)
        transpose(y, items: shape[0], rows: channels, columns: positions, to: target)
      }
    }
  }

  /// Lets `body` read maps with channels first: a copy of maps that lie in another order.
  static func withChannelsFirst(
    _ source: UnsafePointer<Float>, _ shape: Shape, in layout: FeatureLayout,
    _ body: (UnsafePointer<Float>) -> Void
  ) {
    guard layout == .channelsLast else { return body(source) }
    withCopy(of: shape) { copy in
      transpose(source, items: shape[0], rows: shape[1] * shape[2], columns: shape[3], to: copy)
      body(copy)
    }
  }

  private static func withCopy(
    of shape: Shape, _ body: (UnsafeMutablePointer<Float>) -> Void
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: max(shape.count, 1)) { copy in
      guard let start = copy.baseAddress else { preconditionFailure("an allocation has no start") }
      body(start)
    }
  }
}
