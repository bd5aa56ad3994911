import Tensors

/// The part of the picture under each window, computed once per axis.
struct WindowSpans {
  /// Positions that one window sees along one axis.
  struct Span {
    let first: Int
    let count: Int
    let dilation: Int
    /// Taps that lie inside the picture or its padding.
    let paddedCount: Int

    init(_ axis: Window.Axis, output: Int, extent: Int) {
      let start = output * axis.stride - axis.before
      let skipped = start >= 0 ? 0 : (-start + axis.dilation - 1) / axis.dilation
      let room = extent - 1 - start
      let end = room < 0 ? 0 : min(axis.taps, room / axis.dilation + 1)
      first = start + skipped * axis.dilation
      count = max(0, end - skipped)
      dilation = axis.dilation
      let paddedRoom = extent + axis.after - 1 - start
      paddedCount = paddedRoom < 0 ? 0 : min(axis.taps, paddedRoom / axis.dilation + 1)
    }
  }

  /// Pieces of the arrays that windows slide over one after the other: planes, or whole items where
  /// channels lie last.
  let planes: Int
  /// Channels that lie beside one another at each position of a piece.
  let lanes: Int
  let inputWidth: Int
  /// Elements of one piece.
  let inputCount: Int
  let outputCount: Int
  private let rows: [Span]
  private let columns: [Span]

  init(
    _ window: Window, input: Shape, output: Shape, layout: FeatureLayout = .channelsFirst
  ) {
    let (channels, y, x) = (
      layout.place(ofAxis: 1), layout.place(ofAxis: 2), layout.place(ofAxis: 3)
    )
    planes = layout == .channelsFirst ? input[0] * input[1] : input[0]
    lanes = layout == .channelsFirst ? 1 : input[channels]
    inputWidth = input[x]
    inputCount = input[y] * input[x] * lanes
    outputCount = output[y] * output[x] * lanes
    rows = (0..<output[y]).map { Span(window.rows, output: $0, extent: input[y]) }
    columns = (0..<output[x]).map { Span(window.columns, output: $0, extent: input[x]) }
  }

  /// Calls `body` for each window of each channel of a piece, with the position of its output in the
  /// piece.
  @inline(__always)
  func forEachWindow(
    _ body: (_ position: Int, _ lane: Int, _ rows: Span, _ columns: Span) -> Void
  ) {
    forEachWindow { position, rows, columns in
      for lane in 0..<lanes { body(position &* lanes &+ lane, lane, rows, columns) }
    }
  }

  @inline(__always)
  func forEachWindow(_ body: (_ position: Int, _ rows: Span, _ columns: Span) -> Void) {
    for (y, row) in rows.enumerated() {
      for (x, column) in columns.enumerated() { body(y * columns.count + x, row, column) }
    }
  }

  /// Calls `body` with the position of each element under a window, row by row.
  @inline(__always)
  func forEachTap(_ rows: Span, _ columns: Span, _ body: (_ at: Int) -> Void) {
    var start = rows.first &* inputWidth &+ columns.first
    for _ in 0..<rows.count {
      var at = start
      for _ in 0..<columns.count {
        body(at)
        at &+= columns.dilation
      }
      start &+= rows.dilation &* inputWidth
    }
  }
}
