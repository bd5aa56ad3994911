public import Imaging

/// Where the object is, on the grid of the network's input.
public struct Truth: Sendable, Equatable {
  /// The input's size.
  public let size: PixelSize
  /// Around the object, in pixels of the input and within it; none where the network does not see
  /// it, or no box is known.
  public let boxes: [PixelRect]
  /// Whether each position, row by row, lies in any of the boxes.
  public let isBoxed: [Bool]
  /// Whether each position, row by row, belongs to the object; nil where no outline is known, or
  /// nothing of it is left at the input's resolution.
  public let mask: [Bool]?

  /// Places what is known about a picture.
  ///
  /// A position belongs to a box if its centre lies in it; a box between centres takes the one
  /// around its own centre. It belongs to the object if at least half of it is covered. What lies
  /// beyond the picture belongs to neither. Where there are no boxes, the mask makes one.
  ///
  /// - Parameters:
  ///   - boxes: in pixels of the upright picture.
  ///   - mask: one channel of the upright picture's size, 0 outside of the object and 255 inside.
  ///     Traps for another size.
  public init(boxes: [PixelRect], mask: Bitmap? = nil, placement: Placement) {
    size = placement.input
    let size = placement.input
    let covered = mask.flatMap { mask -> [Bool]? in
      precondition(mask.layout == .gray, "a mask has one channel, got \(mask.layout)")
      let values = placement.input(from: mask, filter: .box, filling: [0]).samples
      let covered = values.map { $0 >= 128 }
      return covered.contains(true) ? covered : nil
    }
    self.mask = covered
    var placed = boxes.compactMap { placement.inputRect(of: $0) }
    if boxes.isEmpty, let covered, let around = PixelRect(around: covered, in: size) {
      placed = [around]
    }
    self.boxes = placed
    isBoxed = placed.reduce(into: [Bool](repeating: false, count: size.area)) { isBoxed, box in
      for y in box.y..<box.maxY {
        for x in box.x..<box.maxX { isBoxed[y * size.width + x] = true }
      }
    }
  }
}

extension Placement {
  /// The pixels of the input whose centres lie in a rectangle of the picture, at least the one
  /// around its centre; nil where the input does not show it.
  fileprivate func inputRect(of rect: PixelRect) -> PixelRect? {
    let start = inputPoint(PixelPoint(x: Double(rect.x), y: Double(rect.y)))
    let end = inputPoint(PixelPoint(x: Double(rect.maxX), y: Double(rect.maxY)))
    func range(_ start: Double, _ end: Double) -> Range<Int> {
      let (first, last) = (Int((start - 0.5).rounded(.up)), Int((end - 0.5).rounded(.up)))
      if first < last { return first..<last }
      let middle = Int(((start + end) / 2).rounded(.down))
      return middle..<middle + 1
    }
    let (columns, rows) = (range(start.x, end.x), range(start.y, end.y))
    return PixelRect(
      x: columns.lowerBound, y: rows.lowerBound, width: columns.count, height: rows.count
    ).intersection(input.bounds)
  }
}

extension PixelRect {
  /// The smallest rectangle around all positions that are true, row by row; nil where none is.
  init?(around positions: [Bool], in size: PixelSize) {
    var (left, right, top, bottom) = (size.width, -1, size.height, -1)
    for y in 0..<size.height {
      for x in 0..<size.width where positions[y * size.width + x] {
        (left, right) = (min(left, x), max(right, x))
        (top, bottom) = (min(top, y), max(bottom, y))
      }
    }
    guard right >= left else { return nil }
    self.init(x: left, y: top, width: right - left + 1, height: bottom - top + 1)
  }

  /// What two rectangles have in common, as a part of what they cover together: 0...1.
  func overlap(with other: PixelRect) -> Double {
    let common = intersection(other).map { Double($0.size.area) } ?? 0
    return common / (Double(size.area) + Double(other.size.area) - common)
  }
}
