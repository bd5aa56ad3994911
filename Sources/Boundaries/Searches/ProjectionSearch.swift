import Networks
import Tensors

/// The nearest point by projections of the start on linear models of the boundary, whose normals are
/// averaged: the default.
///
/// Where the margin m has gradient g at a point x, the start x₀ is projected, within the bounds, on the
/// cut m(x) + ⟨n, x' − x⟩ = 0, and the next x is that projection. For a smooth margin n = g would do, and
/// a fixed point has the displacement along the normal. Networks of rectifiers and maxima are linear in
/// pieces far smaller than the displacement: there the nearest point lies at an edge of many pieces, and
/// g jumps between their normals. So n is an average of the gradients met so far, n ← (1 − w) n + w g,
/// with a weight w that falls from `firstWeight` to about one over the number of steps: first it sees
/// the boundary at large, then closer and closer.
///
/// It starts toward the `starts` nearest of the `rivals` best classes, as their linear models at the
/// start tell, or fewer where the budget is small; then it goes to ever fewer of them. A start whose class is overtaken by
/// another follows that one. The nearest points are brought onto the
/// boundary by forward passes, and the last gradients try plain projections from there, kept only where
/// they lead nearer: on smooth boundaries these converge to the very point. A start ends early where the
/// displacement is along the normal, so that linear networks cost two gradients a class.
///
/// For a pair, a third class that leads where a start comes by is held back: that its score must not be above
/// the foil's is one more cut, with a normal of its own, and each gradient goes to the cut that needs it most
/// (`TieModel`).
///
/// Where activations are saturated, so that the linear models of the start tell nothing, it follows flattened
/// networks to a first point of the boundary, and starts from there (`Homotopy`). Where gradients vanish
/// otherwise, points of random directions that lie beyond the boundary are starts instead.
///
/// No paper of its own: the projection is that of DeepFool (Moosavi-Dezfooli, Fawzi, Frossard, 2016,
/// arXiv:1511.04599) taken from x₀ at each step, the falling weight that of dual averaging (Nesterov 2009,
/// doi:10.1007/s10107-007-0149-x).
public struct ProjectionSearch: BoundarySearch {
  /// Gradients for each input, at least 4, all told.
  public var gradients = 60
  /// How many of the best other classes are looked at from the start, at most; at least 1.
  public var rivals = 9
  /// How many classes are pursued at first, at most; at least 1.
  public var starts = 9
  /// How much of the first new gradient enters the average, above 0 and at most 1.
  public var firstWeight = 0.9
  /// Steps from a flattened network to the network itself where activations are saturated; 0 leaves
  /// them as they are.
  public var homotopySteps = 8

  public static let about = SearchDescription(
    name: "projection",
    summary: "projects the input on averaged linear models of the boundary, from several starts",
    source: "after DeepFool, Moosavi-Dezfooli et al. 2016 (arXiv:1511.04599), and dual averaging",
    norms: Set(Norm.allCases),
    parameters: [
      "gradients": "backward passes for each input, everything included",
      "rivals": "how many other classes are looked at from the start",
      "starts": "how many of them are pursued at first",
      "firstWeight": "how much of the first new gradient enters the average, above 0 to 1",
      "homotopySteps":
        "steps from a flattened network to the network itself where activations are saturated; "
        + "0 for none",
    ])

  public init() {}

  public init(gradients: Int) { self.gradients = gradients }

  public func validate() throws(BoundaryError) {
    func refuse(_ reason: String) -> BoundaryError {
      .parameter(search: Self.about.name, reason: reason)
    }
    guard gradients >= 4 else { throw refuse("gradients must be 4 or more, got \(gradients)") }
    guard rivals >= 1 else { throw refuse("rivals must be 1 or more, got \(rivals)") }
    guard starts >= 1 else { throw refuse("starts must be 1 or more, got \(starts)") }
    guard firstWeight > 0, firstWeight <= 1 else {
      throw refuse("firstWeight must be above 0 and at most 1, got \(firstWeight)")
    }
    guard homotopySteps >= 0 else {
      throw refuse("homotopySteps must be 0 or more, got \(homotopySteps)")
    }
  }

  /// None: third classes are held back within the budget.
  public var gradientsForThirds: Int { 0 }

  public func candidates(for sites: [Int], in survey: Survey) -> [BoundaryCandidate] {
    var lanes = ranked(sites, survey)
    let relaxed = relaxed(sites, lanes, survey)
    lanes.removeAll { lane in relaxed.contains { $0.site == lane.site } }
    lanes += restarted(relaxed, survey)
    run(&lanes, in: survey)
    var exits = relaxed + exits(of: lanes, in: survey)
    let held = lanes.filter { !$0.model.thirds.isEmpty }.map(\.site)
    let lost = sites.filter { site in
      !held.contains(site) && !exits.contains { $0.site == site }
    }
    if !lost.isEmpty {
      let found = Scatter().exits(for: lost, in: survey)
      var restarts = restarted(found, survey)
      run(&restarts, in: survey)
      exits += found + self.exits(of: restarts, in: survey)
      lanes += restarts
    }
    let corners = corners(&exits, lanes, survey)
    polish(&exits, in: survey)
    return exits.map { BoundaryCandidate(site: $0.site, point: $0.point, origin: $0.origin) }
      + corners.map {
        BoundaryCandidate(site: $0.site, point: $0.point, origin: $0.origin, isTie: true)
      }
  }
}
