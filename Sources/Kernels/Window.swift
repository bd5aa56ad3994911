/// How a kernel slides over the two spatial axes of `[N, C, H, W]`.
public struct Window: Sendable, Hashable, Codable {
  /// Sliding along one axis.
  public struct Axis: Sendable, Hashable, Codable {
    /// Taps, at least 1.
    public let taps: Int
    /// Distance between neighbouring outputs, at least 1.
    public let stride: Int
    /// Distance between neighbouring taps, at least 1.
    public let dilation: Int
    /// Padding in front of the first and behind the last element.
    public let before: Int
    public let after: Int

    /// Nil for parameters that make no window: fewer than one tap, no stride, negative padding, or
    /// numbers so large that positions could overflow.
    public init?(taps: Int, stride: Int = 1, dilation: Int = 1, before: Int = 0, after: Int = 0) {
      let limit = 1 << 24
      guard (1...limit).contains(taps), (1...limit).contains(stride),
        (1...limit).contains(dilation), (0...limit).contains(before), (0...limit).contains(after)
      else { return nil }
      self.taps = taps
      self.stride = stride
      self.dilation = dilation
      self.before = before
      self.after = after
    }

    /// One tap.
    static let single = Axis(single: ())

    private init(single: Void) {
      (taps, stride, dilation, before, after) = (1, 1, 1, 0, 0)
    }

    /// Elements from the first tap to the last, both counted.
    public var reach: Int { (taps - 1) * dilation + 1 }

    /// Number of outputs along an axis of `extent` elements; nil where the window does not fit once.
    ///
    /// Rounding up adds a last window that hangs over the end, unless it would start in the padding;
    /// it may be the only one.
    public func outputs(for extent: Int, roundingUp: Bool = false) -> Int? {
      let room = extent + before + after - reach
      guard room >= 0 || (roundingUp && room > -stride) else { return nil }
      var count = (roundingUp ? room + stride - 1 : room) / stride + 1
      if roundingUp && (count - 1) * stride >= extent + before { count -= 1 }
      return count
    }

    /// Outputs whose tap number `tap` lies inside `extent` elements.
    func outputs(seeing tap: Int, extent: Int, of count: Int) -> Range<Int> {
      let offset = tap * dilation - before
      // The smallest o with o·stride + offset ≥ 0 and the largest with o·stride + offset < extent.
      let first = offset >= 0 ? 0 : (-offset + stride - 1) / stride
      let last = extent - 1 - offset
      let end = last < 0 ? 0 : min(count, last / stride + 1)
      return first < end ? first..<end : 0..<0
    }
  }

  public let rows: Axis
  public let columns: Axis

  public init(rows: Axis, columns: Axis) {
    self.rows = rows
    self.columns = columns
  }

  public var taps: Int { rows.taps * columns.taps }

  /// One tap, stride 1, no padding: a convolution with it is a matrix product.
  var isPointwise: Bool {
    [rows, columns].allSatisfy {
      $0.taps == 1 && $0.stride == 1 && $0.before == 0 && $0.after == 0
    }
  }
}
