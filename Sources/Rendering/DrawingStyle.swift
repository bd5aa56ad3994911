/// What is shown of a map, each in a file of its own.
public enum DrawingStyle: String, Sendable, Hashable, Codable, CaseIterable {
  /// The map's colours over the picture, in the picture's size.
  case overlay
  /// The map's colours alone, in the picture's size.
  case map
  /// The overlay with a title above and a legend below.
  case figure
  /// As `figure`, with the picture beside the overlay.
  case sideBySide = "side-by-side"

  /// What follows the stem of the file's name.
  public var suffix: String { "\(rawValue).png" }
}
