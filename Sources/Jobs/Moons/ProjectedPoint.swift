import Boundaries
import Explanations
import Imaging
import Networks
import Rendering
import Tensors

/// A point of the plane, and where two methods meet the boundary from it.
struct ProjectedPoint: Sendable, Codable {
  /// Across and up.
  let x: [Double]
  /// 0 or 1.
  let actual: Int
  let predicted: ClassIndex
  /// The predicted class's score less the other's.
  let margin: Double
  /// Where the projection of features comes from, and what is left of the margin there.
  let projection: [Double]
  let tie: Double
  let featureDistance: Double
  /// To the projection, in the plane.
  let distance: Double
  /// What each coordinate is given of the margin, by the mean gradient on the way.
  let importance: [Double]
  /// How far these are from adding up, as a part of the margin.
  let gap: Double
  let status: String
  /// The nearest of all points of the boundary, and how far it is.
  let nearest: [Double]
  let nearestDistance: Double
  /// What a search for it finds, without bounds.
  let flip: [Double]?
  let flipDistance: Double?

  /// All points of `[N, 2, 1, 1]`, in order.
  static func points(
    _ points: Tensor, actual: [Int], of model: CompiledInvertibleNetwork
  ) throws -> [ProjectedPoint] {
    let places = (0..<points.batch).map { index in
      Point(x: Double(points[2 * index]), y: Double(points[2 * index + 1]))
    }
    // Far enough that what is nearest to any point lies on it.
    let boundary = PlaneBoundary(of: model, through: PlaneWindow(around: places, margin: 0.5))
    var method = InvertibleProjection()
    method.flip = false
    method.maximumSteps = 4096
    let facts = (0..<points.batch).map { model.prediction(for: points.item($0)).top }
    let queries = try facts.indices.map { index in
      try BoundaryQuery(
        points.item(index), fact: facts[index], foil: 1 - facts[index],
        lower: Tensor(repeating: -.infinity, shape: []),
        upper: Tensor(repeating: .infinity, shape: []), seed: UInt64(index))
    }
    let outcomes = try ProjectionSearch().nearestPoints(for: queries, using: model)
    return try facts.indices.map { index in
      let point = points.item(index)
      let subject = Subject(
        picture: Bitmap(size: PixelSize(side: 1), layout: .gray, filledWith: [0]), input: point,
        placement: Placement(
          picture: PixelSize(side: 1), scaled: PixelSize(side: 1),
          window: PixelSize(side: 1).bounds), seed: 0)
      let found = try method.explain(
        Question(subject, fact: facts[index], foil: 1 - facts[index]), using: model)
      return ProjectedPoint(
        point, actual: actual[index], fact: facts[index], found,
        nearest: boundary.nearest(to: places[index]), flip: outcomes[index].point)
    }
  }

  private init(
    _ point: Tensor, actual: Int, fact: ClassIndex, _ found: Explanation,
    nearest: (point: Point, distance: Double), flip: BoundaryPoint?
  ) {
    func numbers(_ tensor: Tensor) -> [Double] { tensor.scalars.map(Double.init) }
    let values = found.diagnostics.values
    x = numbers(point)
    self.actual = actual
    predicted = fact
    margin = values["startMargin"] ?? .nan
    projection = found.counterpart.map(numbers) ?? []
    tie = values["margin"] ?? .nan
    featureDistance = values["featureDistance"] ?? .nan
    distance = values["distance"] ?? .nan
    importance = numbers(found.map.values)
    gap = values["completenessGap"] ?? .nan
    status = found.status.code
    self.nearest = [nearest.point.x, nearest.point.y]
    nearestDistance = nearest.distance
    self.flip = flip.map { numbers($0.point) }
    flipDistance = flip?.l2
  }

  static let columns = [
    "x", "y", "class", "predicted", "margin", "projection_x", "projection_y", "tie",
    "feature_distance", "distance", "importance_x", "importance_y", "completeness_gap", "status",
    "nearest_x", "nearest_y", "nearest_distance", "flip_x", "flip_y", "flip_distance",
  ]

  /// As comma-separated values.
  var fields: [String] {
    func pair(_ numbers: [Double]?) -> [String] {
      (0..<2).map { index in
        numbers.flatMap { $0.count == 2 ? "\($0[index])" : nil } ?? ""
      }
    }
    return pair(x) + ["\(actual)", "\(predicted)", "\(margin)"] + pair(projection)
      + ["\(tie)", "\(featureDistance)", "\(distance)"] + pair(importance)
      + ["\(gap)", status] + pair(nearest) + ["\(nearestDistance)"] + pair(flip) + [
        flipDistance.map { "\($0)" } ?? ""
      ]
  }
}
