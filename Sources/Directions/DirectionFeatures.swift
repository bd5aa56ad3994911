public import Imaging
public import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Few features of a displacement of many pixels, the same ones for every picture of a size.
///
/// All are linear in the displacement but lengths, so that a direction and its multiples have
/// features that are multiples.
public enum DirectionFeatures: Sendable, Hashable {
  /// The sum over each cell of a grid, all channels together: lighter is positive, darker negative.
  case cellSums(rows: Int, columns: Int)
  /// The length of what lies in each cell of a grid, 0 or more: that it changes, not how.
  case cellLengths(rows: Int, columns: Int)
  /// The sum over each part, all channels together: `labels` has the part of each position, `[H · W]`,
  /// from 0 on.
  case partSums(labels: [Int])
  /// The sum over each channel.
  case channelSums
  /// The lowest cosines of each channel, `perSide` along either side: coefficients of its discrete
  /// cosine transform, scaled so that all of them together keep lengths.
  case cosines(perSide: Int)

  /// What the values stand for, in their order, for displacements `[C, H, W]`. Traps unless the grid
  /// has 1 to H rows and 1 to W columns, labels are one for each position, and cosines are 1 to the
  /// shorter side.
  public func features(of shape: Shape) -> [DirectionFeature] {
    let extents = Extents(shape)
    let whole = PixelRect(x: 0, y: 0, width: extents.width, height: extents.height)
    switch self {
    case .cellSums(let rows, let columns), .cellLengths(let rows, let columns):
      return extents.cells(rows: rows, columns: columns).enumerated().map { index, place in
        let (row, column) = (index / columns + 1, index % columns + 1)
        return DirectionFeature(name: "row \(row), column \(column)", place: place)
      }
    case .partSums(let labels):
      return extents.parts(labels).enumerated().map {
        DirectionFeature(name: "part \($0 + 1)", place: $1)
      }
    case .channelSums:
      return (0..<extents.channels).map {
        DirectionFeature(name: extents.name(ofChannel: $0), place: whole)
      }
    case .cosines(let perSide):
      return (0..<extents.channels).flatMap { channel in
        (0..<perSide * perSide).map { index in
          let waves = "\(index % perSide)/2 × \(index / perSide)/2"
          return DirectionFeature(
            name: "\(extents.name(ofChannel: channel)) \(waves)", place: whole)
        }
      }
    }
  }

  /// One value for each of `features(of:)`. Traps as they do.
  public func values(of displacement: Tensor) -> [Double] {
    let extents = Extents(displacement.shape)
    return displacement.withScalars { scalars in
      let planes = (0..<extents.channels).map { channel in
        UnsafeBufferPointer(
          rebasing: scalars[channel * extents.area..<(channel + 1) * extents.area])
      }
      switch self {
      case .cellSums(let rows, let columns):
        return extents.cells(rows: rows, columns: columns).map { cell in
          extents.sum(over: cell, of: planes) { $0 }
        }
      case .cellLengths(let rows, let columns):
        return extents.cells(rows: rows, columns: columns).map { cell in
          extents.sum(over: cell, of: planes) { $0 * $0 }.squareRoot()
        }
      case .partSums(let labels):
        return extents.sums(overParts: labels, of: planes)
      case .channelSums:
        return planes.map { $0.reduce(0) { $0 + Double($1) } }
      case .cosines(let perSide):
        return extents.cosines(perSide, of: planes)
      }
    }
  }
}

/// What one value of `DirectionFeatures` is about.
public struct DirectionFeature: Sendable, Hashable, Codable {
  /// Such as "row 3, column 5" of a grid, counted from 1, "green", or "red 1/2 × 0/2":
  /// a cosine of half a wave across the picture and none down.
  public let name: String
  /// Where it lies in the displacement, in pixels.
  public let place: PixelRect
}

/// The extents of a displacement `[C, H, W]`, and sums over parts of it.
private struct Extents {
  let channels: Int
  let height: Int
  let width: Int

  init(_ shape: Shape) {
    precondition(
      shape.rank == 3 && shape.count > 0, "features are of displacements [C, H, W], got \(shape)")
    (channels, height, width) = (shape[0], shape[1], shape[2])
  }

  var area: Int { height * width }

  func name(ofChannel channel: Int) -> String {
    switch channels {
    case 1: "gray"
    case 3: ["red", "green", "blue"][channel]
    default: "channel \(channel + 1)"
    }
  }

  /// Cells row by row; where sides do not divide, their sizes differ by a pixel.
  func cells(rows: Int, columns: Int) -> [PixelRect] {
    precondition(
      (1...height).contains(rows) && (1...width).contains(columns),
      "a grid over \(height) × \(width) has no \(rows) × \(columns) cells")
    return (0..<rows).flatMap { row in
      let (top, bottom) = (row * height / rows, (row + 1) * height / rows)
      return (0..<columns).map { column in
        let (left, right) = (column * width / columns, (column + 1) * width / columns)
        return PixelRect(x: left, y: top, width: right - left, height: bottom - top)
      }
    }
  }

  func sum(
    over cell: PixelRect, of planes: [UnsafeBufferPointer<Float>],
    _ value: (Double) -> Double
  ) -> Double {
    var sum = 0.0
    for plane in planes {
      for y in cell.y..<cell.maxY {
        for x in cell.x..<cell.maxX { sum += value(Double(plane[y * width + x])) }
      }
    }
    return sum
  }

  /// The smallest rectangle around each part; empty ones for labels that do not occur.
  func parts(_ labels: [Int]) -> [PixelRect] {
    check(labels)
    var places = [PixelRect?](repeating: nil, count: (labels.max() ?? -1) + 1)
    for (index, label) in labels.enumerated() {
      let (x, y) = (index % width, index / width)
      let old = places[label] ?? PixelRect(x: x, y: y, width: 1, height: 1)
      let (left, top) = (min(old.x, x), min(old.y, y))
      places[label] = PixelRect(
        x: left, y: top, width: max(old.maxX, x + 1) - left, height: max(old.maxY, y + 1) - top)
    }
    return places.map { $0 ?? PixelRect(x: 0, y: 0, width: 0, height: 0) }
  }

  func sums(overParts labels: [Int], of planes: [UnsafeBufferPointer<Float>]) -> [Double] {
    check(labels)
    var sums = [Double](repeating: 0, count: (labels.max() ?? -1) + 1)
    for plane in planes {
      for (index, label) in labels.enumerated() { sums[label] += Double(plane[index]) }
    }
    return sums
  }

  private func check(_ labels: [Int]) {
    precondition(
      labels.count == area && labels.allSatisfy { $0 >= 0 },
      "a picture of \(height) × \(width) has \(area) positions, got \(labels.count) labels")
  }

  /// The orthonormal DCT-II, first along rows, then along columns.
  func cosines(_ perSide: Int, of planes: [UnsafeBufferPointer<Float>]) -> [Double] {
    precondition(
      (1...min(height, width)).contains(perSide),
      "a picture of \(height) × \(width) has no \(perSide) cosines along a side")
    let (across, down) = (Self.waves(perSide, over: width), Self.waves(perSide, over: height))
    return planes.flatMap { plane in
      // [H, perSide]
      let rows = (0..<height).flatMap { y in
        across.map { wave in
          (0..<width).reduce(0.0) { $0 + wave[$1] * Double(plane[y * width + $1]) }
        }
      }
      return down.flatMap { wave in
        (0..<perSide).map { u in
          (0..<height).reduce(0.0) { $0 + wave[$1] * rows[$1 * perSide + u] }
        }
      }
    }
  }

  /// The first cosines over a side, each of length 1 and at right angles to the others.
  private static func waves(_ count: Int, over side: Int) -> [[Double]] {
    (0..<count).map { frequency in
      let scale = ((frequency == 0 ? 1.0 : 2.0) / Double(side)).squareRoot()
      return (0..<side).map { place in
        scale * cos(Double.pi * Double((2 * place + 1) * frequency) / Double(2 * side))
      }
    }
  }
}
