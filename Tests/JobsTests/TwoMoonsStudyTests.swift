import Foundation
import Networks
import Rendering
import Samples
import Tensors
import TestSupport
import Testing

@testable import Jobs

struct TwoMoonsStudyTests {
  /// T = diag(2, 1) and the margin v₁ + v₂ − 1.
  private func network() throws -> InvertibleNetwork {
    try InvertibleNetwork(
      inputShape: [2, 1, 1],
      blocks: [
        try ChannelScaling("scale", scale: Tensor([2, 1], shape: [2]), shift: Tensor(zeros: [2]))
      ],
      head: try LinearHead(
        weights: Tensor([1, 1, 0, 0], shape: [2, 2]), bias: Tensor([-1, 0], shape: [2]),
        isPooled: false))
  }

  private func member(_ seed: UInt64) throws -> TwoMoonsStudy.Member {
    let moons = TwoMoons(count: 30, seed: seed)
    return TwoMoonsStudy.Member(
      seed: seed, network: try network(), training: moons[0..<18], validation: moons[18..<30])
  }

  @Test func `the boundary of a linear map is the line on paper`() throws {
    let model = CompiledInvertibleNetwork(try network())
    let window = PlaneWindow(
      around: [Point(x: -1, y: -1), Point(x: 2, y: 2)], margin: 0)
    let boundary = PlaneBoundary(of: model, through: window, count: 100)
    for (feature, point) in zip(boundary.features, boundary.points) {
      #expect((feature.x + feature.y - 1).magnitude < 1e-5)
      #expect((2 * point.x + point.y - 1).magnitude < 1e-5)
    }
    // It leaves the window on both sides.
    #expect(!window.contains(boundary.points[0]) && !window.contains(boundary.points[99]))
    #expect(boundary.points.contains(where: window.contains))
    let (nearest, distance) = boundary.nearest(to: Point(x: 1, y: 1))
    #expect((distance - 2 / 5.squareRoot()).magnitude < 1e-5)
    #expect((nearest.x - 0.2).magnitude < 1e-5 && (nearest.y - 0.6).magnitude < 1e-5)
  }

  @Test func `points have their projections, and flip points that are nearer`() throws {
    let corner = Tensor([1, 1], shape: [1, 2, 1, 1])
    let point = try ProjectedPoint.points(
      corner, actual: [1], of: CompiledInvertibleNetwork(try network()))[0]
    #expect(point.predicted == 0 && point.actual == 1 && point.margin == 2)
    #expect(point.projection == [0.5, 0] && point.status == "complete")
    #expect((try #require(point.flipDistance) - 0.894427).magnitude < 1e-4)
    #expect(point.importance.allSatisfy { ($0 - 1).magnitude < 1e-6 })
    #expect(point.fields.count == ProjectedPoint.columns.count)
  }

  @Test func `a study writes tables and a figure, the same each time`() throws {
    let folder = try TemporaryFolder()
    for name in ["a", "b"] {
      let study = try TwoMoonsStudy(of: [try member(1), try member(2)])
      #expect(study.lines.map(\.seed) == [1, 2])
      for line in study.lines {
        #expect(line.tie < 1e-5 && line.completenessGap < 1e-5 && line.incomplete == 0)
        #expect(line.nearestDistance <= line.flipDistance + 1e-5)
        #expect(line.flipDistance <= line.projectionDistance + 1e-5)
      }
      try study.write(to: try ArtifactStore(folder: folder(name)))
    }
    let files = try folder.files(below: "a")
    #expect(Set(files.keys) == ["study.csv", "points.csv", "study.json", "study.png"])
    #expect(try folder.files(below: "b") == files)
    let points = String(decoding: try #require(files["points.csv"]), as: UTF8.self)
    #expect(points.split(separator: "\r\n").count == 1 + 24)
  }
}
