public import Explanations
import Measures
import Networks

/// What a study of smoothing compares.
public struct SmoothingStudySettings: Sendable, Codable, Equatable {
  /// Deviations of the noise in pixel units, ascending; 0 is the network as it is.
  public var deviations: [Double]
  /// Copies of each smoothed answer.
  public var samples: Int
  /// What is differentiated, by both maps.
  public var score: BoundaryScore
  /// Gradients of each search for a boundary.
  public var gradients: Int
  /// Whether integrated gradients from several baselines are compared with those from boundaries.
  public var comparesBaselines: Bool
  /// Where random numbers start.
  public var seed: UInt64

  public init(
    deviations: [Double] = [0, 0.05, 0.1, 0.25, 0.5], samples: Int = 32,
    score: BoundaryScore = .margin, gradients: Int = 20, comparesBaselines: Bool = true,
    seed: UInt64 = 0
  ) {
    self.deviations = deviations
    self.samples = samples
    self.score = score
    self.gradients = gradients
    self.comparesBaselines = comparesBaselines
    self.seed = seed
  }
}

/// What a study of smoothing found for one picture and one network.
struct SmoothedPicture: Sendable, Codable {
  static let schema = "tidemark.smoothing/1"

  /// Everything that decides the numbers.
  struct Request: Codable, Equatable {
    var tidemark: String
    var engine: String
    var model: ModelRecord
    var reading: ReadingRecord
    var input: ContentDigest
    var settings: SmoothingStudySettings
  }

  /// Boundary saliency against the gradient, both of the classifier smoothed by this noise.
  struct Level: Codable {
    let deviation: Double
    /// The class that the smoothed classifier predicts, and that beyond the nearest boundary.
    let fact: ClassRecord
    let foil: ClassRecord?
    let distance: Double?
    /// Nil where there is no boundary, or a map is zero.
    let similarity: MapSimilarity?
    let status: String
  }

  /// Maps of one method, with something changed that should not matter.
  struct Sensitivity: Codable {
    let variant: String
    let maps: Int
    /// The mean over pairs of maps.
    let similarity: MapSimilarity?
  }

  var schema = SmoothedPicture.schema
  let request: Request
  let path: String
  let levels: [Level]
  let sensitivity: [Sensitivity]
}
