public import Explanations
public import Imaging

/// A picture, a map of what speaks for a class in it, and where the map lies in the picture.
public struct ExplainedImage: Sendable {
  /// As the user knows it: upright, of any size.
  public let picture: Bitmap
  /// At the method's own resolution, covering the network's input.
  public let map: AttributionMap
  public let placement: Placement

  /// Traps unless the placement was made for the picture.
  public init(_ picture: Bitmap, explainedBy map: AttributionMap, placement: Placement) {
    precondition(
      picture.size == placement.picture,
      "the placement is for a picture of \(placement.picture), got \(picture.size)"
    )
    self.picture = picture
    self.map = map
    self.placement = placement
  }
}
