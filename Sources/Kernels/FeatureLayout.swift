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

  /// Calls `body` with a copy `[N, C, H, W]` of maps `[N, H, W, C]`: for kernels that know no other order
  /// and are rarely asked for this one.
  static func withChannelsFirst<R>(
    _ maps: UnsafePointer<Float>, _ shape: Shape, _ body: (UnsafePointer<Float>) -> R
  ) -> R {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: max(shape.count, 1)) { copy in
      guard let start = copy.baseAddress else { preconditionFailure("an allocation has no start") }
      transpose(maps, items: shape[0], rows: shape[1] * shape[2], columns: shape[3], to: start)
      return body(start)
    }
  }

  /// Lets `body` fill maps `[N, H, W, C]` as if they were `[N, C, H, W]`, with what they hold where that
  /// is to be kept.
  static func replacingChannelsFirst(
    _ maps: UnsafeMutablePointer<Float>, _ shape: Shape, keeping keeps: Bool,
    _ body: (UnsafeMutablePointer<Float>) -> Void
  ) {
    let (positions, channels) = (shape[1] * shape[2], shape[3])
    withUnsafeTemporaryAllocation(of: Float.self, capacity: max(shape.count, 1)) { copy in
      guard let start = copy.baseAddress else { preconditionFailure("an allocation has no start") }
      if keeps { transpose(maps, items: shape[0], rows: positions, columns: channels, to: start) }
      body(start)
      transpose(start, items: shape[0], rows: channels, columns: positions, to: maps)
    }
  }
}
