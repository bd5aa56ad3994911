import Imaging

/// How a map that is coarser than the network's input is brought to the picture.
public enum MapEnlargement: String, Sendable, Hashable, Codable, CaseIterable {
  /// By smooth curves between the cells' middles (bicubic), so that the grid does not show.
  case smooth
  /// As the squares that it consists of.
  case cells
  /// Smoothly, then drawn towards the edges of the picture by a guided filter. It looks sharper, but
  /// the sharpness is the picture's and not the map's; so drawings say that it was used.
  case edges
}

extension MapEnlargement {
  /// A coarse map at the input's resolution; `edges` begins as `smooth` does.
  func enlarged(_ map: Image<Float>, to input: PixelSize) -> Image<Float> {
    map.resized(to: input, filter: self == .cells ? .nearest : .bicubic)
  }
}
