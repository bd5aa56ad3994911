import Tensors

/// How a picture is cut into regions.
public enum Segmentation: String, NamedOption {
  /// Superpixels of about equal size that follow edges.
  case slic
  /// Superpixels of any size, as many as there are modes of colour and place.
  case quickshift
  /// A square grid.
  case grid
}

/// A method that tells of regions of the picture, with the options that say which these are.
protocol Segmenting: Explainer {
  var segmentation: Segmentation { get }
  /// About how many, where the segmentation does not find out by itself.
  var regions: Int { get }
  var quickshift: Quickshift { get }
}

extension Segmenting {
  /// The regions of an input `[1, C, H, W]`.
  func segments(of input: Tensor) -> Regions {
    switch segmentation {
    case .slic: .superpixels(of: input, count: regions)
    case .quickshift: quickshift.regions(of: input)
    case .grid: .grid(width: input.shape[3], height: input.shape[2], count: regions)
    }
  }

  func validateSegmentation() throws(ExplainerError) {
    try quickshift.validate(for: Self.about.name)
    guard (2...4096).contains(regions) else {
      throw .invalidParameter(
        method: Self.about.name, parameter: "regions", reason: "must be 2...4096, found \(regions)")
    }
  }
}

extension Segmentation {
  /// What the options of a `Segmenting` method mean.
  static let parameters = [
    "segmentation":
      "how the picture is cut into regions: slic (superpixels of about equal size), quickshift "
      + "(superpixels as large as colours are alike) or grid",
    "regions": "of slic and grid: about how many regions",
  ].merging(Quickshift.parameters) { $1 }
}
