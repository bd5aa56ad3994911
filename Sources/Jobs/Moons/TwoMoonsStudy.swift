import Foundation
public import Kernels
public import Networks
public import Samples
import Tensors

/// The decision boundary of an invertible network, drawn: two moons in the plane, as Zhuang et al. (2019,
/// arXiv:1910.00406) show their method.
public struct TwoMoonsStudy: Sendable {
  /// A network, and the points that it was trained with and validated by.
  public struct Member: Sendable {
    public let seed: UInt64
    public let network: InvertibleNetwork
    public let training: TwoMoons
    public let validation: TwoMoons

    public init(
      seed: UInt64, network: InvertibleNetwork, training: TwoMoons, validation: TwoMoons
    ) {
      self.seed = seed
      self.network = network
      self.training = training
      self.validation = validation
    }
  }

  /// What one training came to; distances and what follows are of the validation points.
  public struct Line: Sendable, Codable {
    public let seed: UInt64
    public let trainingAccuracy: Double
    public let validationAccuracy: Double
    /// In nats.
    public let trainingLoss: Double
    public let validationLoss: Double
    /// The largest |T⁻¹(T(x)) − x|.
    public let reconstructionError: Double
    /// The largest difference of scores at a projection.
    public let tie: Double
    /// The largest part of a margin that importances miss.
    public let completenessGap: Double
    /// How many projections have another status than `complete`.
    public let incomplete: Int
    /// Means: to the projection of features, to the nearest of all points of the boundary, and to what a
    /// search for that finds.
    public let projectionDistance: Double
    public let nearestDistance: Double
    public let flipDistance: Double
  }

  public let lines: [Line]
  /// Which of the members is drawn: the one with the most validation points right, the first of several.
  public let drawn: Int
  private let points: [[ProjectedPoint]]
  private let figure: TwoMoonsFigure

  /// Projects all validation points of each member. Throws for none.
  public init(of members: [Member], engine: Engine = .preferred) throws(JobError) {
    do {
      var (lines, points): ([Line], [[ProjectedPoint]]) = ([], [])
      for member in members {
        let model = CompiledInvertibleNetwork(member.network, engine: engine)
        let found = try ProjectedPoint.points(
          member.validation.points, actual: member.validation.classes, of: model)
        points.append(found)
        lines.append(Line(of: member, model, found))
      }
      let best = lines.indices.max { a, b in
        (lines[a].validationAccuracy, b) < (lines[b].validationAccuracy, a)
      }
      guard let best else { throw JobError(.request, "a study of no network") }
      self.lines = lines
      self.points = points
      drawn = best
      figure = TwoMoonsFigure(
        CompiledInvertibleNetwork(members[best].network, engine: engine), points: points[best])
    } catch {
      throw error as? JobError ?? JobError(.environment, "a point cannot be projected: \(error)")
    }
  }

  /// Mean and deviation over seeds; the deviation of one is 0.
  public func mean(of value: (Line) -> Double) -> (mean: Double, deviation: Double) {
    let values = lines.map(value)
    let mean = values.reduce(0, +) / Double(values.count)
    let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, values.count > 1 ? (square / Double(values.count - 1)).squareRoot() : 0)
  }

  // MARK: - Writing

  /// Writes study.csv, points.csv, study.json and study.png.
  public func write(to store: ArtifactStore) throws(JobError) {
    var table = CSV.line([
      "seed", "training_accuracy", "validation_accuracy", "training_loss", "validation_loss",
      "reconstruction_error", "tie", "completeness_gap", "incomplete", "projection_distance",
      "nearest_distance", "flip_distance",
    ])
    for line in lines {
      table += CSV.line([
        "\(line.seed)", "\(line.trainingAccuracy)", "\(line.validationAccuracy)",
        "\(line.trainingLoss)", "\(line.validationLoss)", "\(line.reconstructionError)",
        "\(line.tie)", "\(line.completenessGap)", "\(line.incomplete)",
        "\(line.projectionDistance)", "\(line.nearestDistance)", "\(line.flipDistance)",
      ])
    }
    try store.write(table.utf8, named: "study.csv")
    var pointTable = CSV.line(["seed"] + ProjectedPoint.columns)
    for (line, points) in zip(lines, points) {
      for point in points { pointTable += CSV.line(["\(line.seed)"] + point.fields) }
    }
    try store.write(pointTable.utf8, named: "points.csv")
    do {
      try store.write(try JSONText.page(Summary(self)), named: "study.json")
      try store.write(figure: figure.bitmap, telling: "study", named: "study.png")
    } catch {
      throw error as? JobError ?? JobError(.environment, "the figure cannot be drawn: \(error)")
    }
  }

  private struct Summary: Encodable {
    struct Mean: Encodable {
      let mean: Double
      let deviation: Double
    }

    let schema = "tidemark.two-moons-study/1"
    /// The seed of the training that is drawn.
    let drawn: UInt64
    let trainings: [Line]
    let trainingAccuracy: Mean
    let validationAccuracy: Mean

    init(_ study: TwoMoonsStudy) {
      func mean(_ value: (Line) -> Double) -> Mean {
        let found = study.mean(of: value)
        return Mean(mean: found.mean, deviation: found.deviation)
      }
      drawn = study.lines[study.drawn].seed
      trainings = study.lines
      trainingAccuracy = mean(\.trainingAccuracy)
      validationAccuracy = mean(\.validationAccuracy)
    }
  }
}

extension TwoMoonsStudy.Line {
  init(
    of member: TwoMoonsStudy.Member, _ model: CompiledInvertibleNetwork,
    _ points: [ProjectedPoint]
  ) {
    func score(_ moons: TwoMoons) -> (accuracy: Double, loss: Double) {
      var (right, loss) = (0, 0.0)
      for index in 0..<moons.count {
        let prediction = model.prediction(for: moons.points.item(index))
        let logits = prediction.logits.map(Double.init)
        let actual = moons.classes[index]
        if prediction.top == actual { right += 1 }
        loss += log(1 + exp(logits[1 - actual] - logits[actual]))
      }
      return (Double(right) / Double(moons.count), loss / Double(moons.count))
    }
    func largest(_ value: (ProjectedPoint) -> Double) -> Double {
      points.map { value($0).magnitude }.max() ?? 0
    }
    func mean(_ values: [Double]) -> Double {
      values.reduce(0, +) / Double(max(values.count, 1))
    }
    seed = member.seed
    (trainingAccuracy, trainingLoss) = score(member.training)
    (validationAccuracy, validationLoss) = score(member.validation)
    reconstructionError =
      (0..<member.validation.count).map {
        Double(model.reconstructionErrors(of: member.validation.points.item($0))[0])
      }.max() ?? 0
    tie = largest(\.tie)
    completenessGap = largest(\.gap)
    incomplete = points.count { $0.status != "complete" }
    projectionDistance = mean(points.map(\.distance))
    nearestDistance = mean(points.map(\.nearestDistance))
    flipDistance = mean(points.compactMap(\.flipDistance))
  }
}
