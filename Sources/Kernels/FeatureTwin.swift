import Tensors

extension FeatureLayout {
  /// Where axis 0, 1, 2 or 3 of `[N, C, H, W]` lies in this layout.
  func place(ofAxis axis: Int) -> Int {
    switch self {
    case .channelsFirst: axis
    case .channelsLast: [0, 3, 1, 2][axis]
    }
  }
}

extension Shape {
  /// Items, channels and positions of a feature map `[N, C, …]`, or `[N, …, C]`.
  func features(_ layout: FeatureLayout) -> (items: Int, channels: Int, plane: Int) {
    let channels = self[layout == .channelsFirst ? 1 : -1]
    let others = layout == .channelsFirst ? extents.dropFirst(2) : extents.dropFirst().dropLast()
    return (self[0], channels, others.reduce(1, *))
  }
}

extension Operand {
  /// The same memory seen as `[N, H, W, C]`; nil where elements would have to move, because there are
  /// several channels and several positions. Of lower rank, the axes in front are ones.
  var seenChannelsLast: Operand? {
    guard shape.rank <= 4 else { return nil }
    let padded = shape.padded(toRank: 4)
    guard padded[1] == 1 || padded[2] * padded[3] == 1 else { return nil }
    return reshaped(to: padded.withChannelsLast)
  }

  /// What stands for an operand that is repeated over feature maps, once these have channels last: its
  /// twin, or its own memory where that can be read so.
  func besideChannelsLast(_ place: (Operand) -> Operand?) -> Operand? {
    place(self) ?? seenChannelsLast
  }
}
