public import Explanations
public import ImageCodecs
public import Imaging
public import Measures
public import Networks
public import Rendering

/// Everything that decides a map's numbers.
///
/// Two equal requests make equal numbers; so a result whose sidecar holds the request that is to be
/// fulfilled need not be made again. How it is drawn stands beside it: drawing anew takes the stored
/// numbers.
public struct MapRequest: Sendable, Codable, Equatable {
  /// This program's version.
  public var tidemark: String
  public var engine: String
  public var model: ModelRecord
  public var reading: ReadingRecord
  /// The picture's bytes.
  public var input: ContentDigest
  /// The bytes of the mask of what is kept; nil where all may change.
  public var kept: ContentDigest?
  public var method: MethodRecord
  /// `predicted`, or the tag in the names of the files.
  public var target: String
  /// The run's seed.
  public var seed: UInt64
  /// How the network was smoothed; missing where it was not.
  public var smoothing: Smoothing?
  /// How its decision was certified; missing where it was not.
  public var certification: Certification?
}

/// Which network it was.
public struct ModelRecord: Sendable, Codable, Equatable {
  /// The file's name, without folders.
  public var file: String
  /// Of the file and all that belongs to it.
  public var digest: ContentDigest
  /// Of the class names, joined by line ends.
  public var labels: ContentDigest
}

/// How a picture becomes the network's input.
public struct ReadingRecord: Sendable, Codable, Equatable {
  public var preprocessing: Preprocessing
  public var resize: InputGeometry
  public var alpha: AlphaPolicy
  /// What was done about the orientation that cameras note down.
  public var orientation: OrientationPolicy
  /// What was done about files that end too early.
  public var truncation: TruncationPolicy
  /// Whether JPEGs were decoded to a fraction of their size where that is twice what the network sees.
  public var reduces: Bool
}

/// A method, or a measure, with all its parameters.
public struct MethodRecord: Sendable, Codable, Equatable {
  public var name: String
  public var parameters: JSONValue

  init(_ method: ConfiguredExplainer) {
    name = method.about.name
    parameters = method.parameters
  }

  init(_ measure: ConfiguredMeasure) {
    name = measure.about.name
    parameters = measure.parameters
  }
}

/// A class by index and, where it has one, name.
public struct ClassRecord: Sendable, Codable, Equatable {
  public var index: ClassIndex
  public var name: String?

  /// - Parameter labels: one for each class, or none.
  init(_ index: ClassIndex, labels: [String]) {
    self.index = index
    name = labels.isEmpty ? nil : labels[index]
  }

  init(index: ClassIndex, name: String? = nil) {
    self.index = index
    self.name = name
  }
}

/// A sidecar: what was asked, what the network said, and what was found, beside the numbers and the
/// picture of a map. Nothing in it varies between two runs.
public struct MapRecord: Sendable, Codable, Equatable {
  public static let schema = "tidemark.map/1"

  /// The names of a map's files, without what follows the last dots.
  ///
  /// - Parameter tag: of the target; nil for the predicted class.
  static func stem(ofPath path: String, method: String, tag: String?) -> String {
    "maps/\(path)/" + [method, tag].compactMap(\.self).joined(separator: ".")
  }

  public struct Input: Sendable, Codable, Equatable {
    /// Relative, as in the names of the files.
    public var path: String
    public var byteCount: Int
    public var size: PixelSize
    /// What happened to the picture while it was decoded.
    public var notes: [DecodeNote]
  }

  public struct Guess: Sendable, Codable, Equatable {
    public var index: ClassIndex
    public var name: String?
    public var probability: Float

    init(_ record: ClassRecord, probability: Float) {
      index = record.index
      name = record.name
      self.probability = probability
    }

    var classRecord: ClassRecord { ClassRecord(index: index, name: name) }
  }

  public struct Target: Sendable, Codable, Equatable {
    public var fact: ClassRecord
    public var foil: ClassRecord?
    /// The fact's logit, less the foil's where there is one.
    public var score: Float
    public var probability: Float
  }

  public struct Map: Sendable, Codable, Equatable {
    /// `[C, h, w]` of the numbers in the `.npy` file.
    public var shape: [Int]
    public var sign: AttributionMap.Sign
    /// Of the `.npy` file's bytes.
    public var numbers: ContentDigest
    /// Of the `.standard-error.npy` file's bytes; missing where the method tells no errors.
    public var standardError: ContentDigest?
  }

  /// Maps side by side, with a table of what is known of each.
  public struct Strip: Sendable, Codable, Equatable {
    public struct Frame: Sendable, Codable, Equatable {
      public var title: String
      /// One for each column.
      public var values: [Double]
    }

    /// Follows the stem in the names of its files.
    public var name: String
    /// `[F, h, w]` of the numbers in its `.npy` file.
    public var shape: [Int]
    public var sign: AttributionMap.Sign
    /// Of the `.npy` file's bytes.
    public var numbers: ContentDigest
    public var columns: [String]
    public var frames: [Frame]
  }

  /// Another picture that the method found, as the network reads it.
  public struct Counterpart: Sendable, Codable, Equatable {
    /// `[1, C, H, W]` of the numbers in the `.counterpart.npy` file.
    public var shape: [Int]
    /// Of that file's bytes.
    public var numbers: ContentDigest
    /// What the network says of it: the best two classes.
    public var prediction: [Guess]
  }

  /// Regions of the picture in the order of what the method says of each.
  public struct Ranking: Sendable, Codable, Equatable {
    /// `[1, H, W]` of the numbers in the `.regions.npy` file: the rank of each position's region, 1 for
    /// the first.
    public var shape: [Int]
    /// Of that file's bytes.
    public var numbers: ContentDigest
    public var columns: [String]
    /// A value for each column, the first rank first.
    public var rows: [[Double]]
    /// How many of the first ranks are kept.
    public var kept: Int
  }

  /// How far a smoothed decision certainly holds: that of the vote of noisy copies.
  public struct Certificate: Sendable, Codable, Equatable {
    /// The class that is certified.
    public var selected: ClassRecord
    /// How many copies had it, of how many.
    public var count: Int
    public var samples: Int
    /// The lower bound of the class's probability.
    public var probability: Double
    /// Whether nothing is certified.
    public var abstains: Bool
    /// The distance within which the vote stays, in pixel units, and the largest that so many copies can
    /// certify.
    public var radius: Double
    public var largestRadius: Double
    /// Missing where the method found no boundary, or nothing is certified.
    public var bracket: Bracket?

    /// Between which distances the boundary of the vote lies.
    public struct Bracket: Sendable, Codable, Equatable {
      /// The certified radius.
      public var lower: Double
      /// The distance of a point that votes otherwise; missing where none was found on the way through the
      /// method's point.
      public var upper: Double?
      /// What that point votes for.
      public var vote: ClassRecord?
      /// The distance of the method's point, on the boundary of averaged scores, which is another one.
      public var found: Double
    }

    init(_ certificate: SmoothingCertificate, labels: [String]) {
      selected = ClassRecord(certificate.selected, labels: labels)
      count = certificate.count
      samples = certificate.certification.samples
      probability = certificate.probability
      abstains = certificate.abstains
      radius = certificate.radius
      largestRadius = certificate.largestRadius
    }
  }

  public struct Drawing: Sendable, Codable, Equatable {
    public var colorMap: ColorMap
    public var range: MapNormalization.Range
    /// The raw values, summed over channels, that are drawn as nothing and in full colour.
    public var floor: Float
    public var scale: Float
    /// The scale that this map would have by itself.
    public var ownScale: Float
    public var found: MapNormalization.Status
    /// The cells of the method's own map.
    public var grid: PixelSize
    /// How the map was enlarged; missing where it is as fine as the network's input.
    public var enlargement: MapEnlargement?

    init(_ drawing: Rendering.Drawing) {
      colorMap = drawing.colorMap
      range = drawing.normalization.range
      floor = drawing.normalization.floor
      scale = drawing.normalization.scale
      ownScale = drawing.ownScale
      found = drawing.normalization.status
      grid = drawing.grid
      enlargement = drawing.enlargement
    }
  }

  public struct Findings: Sendable, Codable, Equatable {
    public var values: [String: Double]
    public var notes: [String: String]
    /// Numbers that came one after the other, such as the loss of every step; missing where the method
    /// reports none.
    public var series: [String: [Double]]?
    public var forwardPasses: Int
    public var backwardPasses: Int
  }

  public var schema: String
  /// Digest of the request, which decides the numbers.
  public var key: ContentDigest
  public var request: MapRequest
  public var input: Input
  public var placement: Placement
  /// Where the method's random numbers began, in hexadecimal.
  public var seed: String
  /// The best classes, at most five.
  public var prediction: [Guess]
  public var target: Target
  public var map: Map
  /// Missing where the method made none.
  public var strips: [Strip]?
  /// Missing where the method found none.
  public var counterpart: Counterpart?
  /// Missing where the method tells no regions apart.
  public var ranking: Ranking?
  /// Missing where none was asked for.
  public var certificate: Certificate?
  /// How drawing was asked for, what came of it, and which drawings are there.
  public var rendering: OverlayRenderer
  public var drawing: Drawing
  public var drawn: [DrawingStyle]
  public var diagnostics: Findings
  /// `complete`, or why the map is not to be relied on.
  public var status: String
  /// What was measured of the map; missing where that was not asked for.
  public var audit: [String: MeasuredValue]?
}

/// What our PNGs carry: enough to tell where they come from, and to make them again, without their
/// sidecar.
struct PictureText: Codable {
  var schema: String
  var key: ContentDigest
  /// Relative, as in the names of the files.
  var path: String
  /// Program, engine, model, reading, input's digest, method with parameters, target and seed.
  var request: MapRequest
  /// Where the method's random numbers began.
  var seed: String
  var target: MapRecord.Target
  var rendering: OverlayRenderer
  var drawing: MapRecord.Drawing
  /// The drawing's style, or the strip's name.
  var style: String
  var status: String

  init(_ record: MapRecord, style: String) {
    schema = record.schema
    key = record.key
    path = record.input.path
    request = record.request
    seed = record.seed
    target = record.target
    rendering = record.rendering
    drawing = record.drawing
    self.style = style
    status = record.status
  }
}
