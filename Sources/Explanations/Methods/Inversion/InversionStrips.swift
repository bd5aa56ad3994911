import Networks
import Tensors

/// What guided feature inversion shows beside its mask, as the user asks for it.
struct InversionStrips {
  let loss: InversionLoss
  /// Of the mask that is explained.
  let model: MaskModel
  private var strips: [Strip] = []
  private var forwardPasses = 0
  private var backwardPasses = 0

  init(loss: InversionLoss, model: MaskModel) {
    self.loss = loss
    self.model = model
  }

  /// Hands over what was made, and what it cost.
  func complete(_ explanation: inout Explanation) {
    explanation.strips += strips
    explanation.diagnostics.forwardPasses += forwardPasses
    explanation.diagnostics.backwardPasses += backwardPasses
  }

  /// `trace`: the mask as it came about.
  mutating func add(_ film: MaskFilm) {
    let masks = film.takes.compactMap { take in model.mask(take.weights).map { (take, $0) } }
    guard !masks.isEmpty else { return }
    strips.append(
      Strip(
        "trace", maps: .concatenating(masks.map(\.1.map)), sign: .magnitude,
        columns: ["stage", "step", "loss", "area"],
        frames: masks.map { take, mask in
          Strip.Frame(
            "stage \(take.stage), step \(take.step)",
            values: [Double(take.stage), Double(take.step), take.loss, mask.area])
        }))
  }

  /// `channels`: the maps of those that account for most of the mask, how much of it that is, and how far
  /// the fact's lead falls in what the mask shows where one of them is left out. Costs a forward pass for
  /// each of them and for each background.
  mutating func add(channels limit: Int, of outcome: InversionOutcome) {
    let loss = loss
    let shares = model.shares(outcome.weights)
    let chosen = shares.indices.filter { outcome.weights[$0] > 0 }
      .sorted { (shares[$0], $1) > (shares[$1], $0) }.prefix(limit)
    guard !chosen.isEmpty else { return }
    let whole = mean(in: outcome.mask.values) { loss.lead($0).value }
    let maps = chosen.map(model.map(ofChannel:))
    let frames = chosen.map { channel in
      var weights = outcome.weights
      weights[channel] = 0
      let rest = model.mask(weights)?.values ?? outcome.mask.values.map { _ in 0 }
      return Strip.Frame(
        "channel \(channel): \(Self.percent(shares[channel]))",
        values: [
          Double(channel), outcome.weights[channel], shares[channel],
          whole - mean(in: rest) { loss.lead($0).value },
        ])
    }
    let isSigned = maps.contains { map in map.scalars.contains { $0 < 0 } }
    strips.append(
      Strip(
        "channels", maps: .concatenating(maps), sign: isSigned ? .signed : .magnitude,
        columns: ["channel", "weight", "share", "leadFall"], frames: frames))
  }

  /// `layers`: what each layer keeps of the picture; features that are not finite are left out.
  ///
  /// - Parameter invert: a mask's weights for features of a layer.
  mutating func add(
    _ layers: [LayerName],
    by invert: (InversionLoss, Tensor) -> (model: MaskModel, outcome: InversionOutcome?)
  ) {
    guard !layers.isEmpty else { return }
    let scene = loss.scene
    var (maps, frames): ([Tensor], [Strip.Frame]) = ([], [])
    for layer in layers {
      let features = scene.model.trace(scene.input, for: TraceRequest(reading: [layer]))[layer]
      forwardPasses += 1
      guard features.isFinite else { continue }
      let loss = InversionLoss(
        scene: scene, question: loss.question, layer: layer, features: features)
      let (model, outcome) = invert(loss, features)
      let backgrounds = scene.backgrounds.count
      let steps = (outcome?.inversionLosses.count ?? 0) * backgrounds
      // The last mask is looked at once more.
      forwardPasses += steps + 2 * backgrounds
      backwardPasses += steps + backgrounds
      let mask = outcome?.mask ?? model.empty
      maps.append(
        Tensor(
          mask.values.map { Float($0) }, shape: [1, scene.input.shape[2], scene.input.shape[3]]))
      let lost = loss.inversion(mask.values, relative: true).value
      frames.append(
        Strip.Frame(
          outcome == nil
            ? "\(layer): nothing found" : "\(layer): keeps \(Self.percent(max(1 - lost, 0)))",
          values: [lost, mask.area, mean(in: mask.values, of: loss.share)]))
    }
    guard !maps.isEmpty else { return }
    strips.append(
      Strip(
        "layers", maps: .concatenating(maps), sign: .magnitude,
        columns: ["featuresLost", "area", "probabilityKept"], frames: frames))
  }

  /// The mean over the backgrounds of a value of the logits of what a mask shows.
  private mutating func mean(in mask: [Double], of value: ([Float]) -> Double) -> Double {
    forwardPasses += loss.scene.backgrounds.count
    return loss.mean(in: mask, of: value)
  }

  private static func percent(_ share: Double) -> String { "\(Int((100 * share).rounded())) %" }
}
