public import Networks
import Tensors

/// What must be seen of a picture for a network to compute the same features, and then to decide for
/// the fact, through a mask made of a layer's maps.
///
/// With x the picture and p a background, a mask m shows Φ = x·m + p·(1 − m) and removes
/// Φ' = x·(1 − m) + p·m. It is m = (r − min r) / (max r − min r), enlarged bilinearly, of a combination
/// r = Σ wᵢAᵢ of the maps of the mask layer with weights wᵢ ≥ 0. The first stage seeks weights for which
/// the features of the inversion layer are those of the picture, the second such for which Φ is of the
/// fact's class and Φ' is not. The map is the mask, 0...1, at the mask layer's resolution `[1, h, w]`;
/// under `authors-code`, which enlarges first, at the picture's.
///
/// The published method, under the profiles `paper` and `authors-code`, takes a fixed number of steps
/// of Adam and clips weights at 0. The mask does not change when all weights are multiplied by a number,
/// so the penalty of the weights acts on their scale alone and takes it to 0, where the mask collapses;
/// and the softmax has no slope where the network is sure. The profile `tidemark`
///
/// - keeps the weights on the simplex, so that there is no scale to lose;
/// - takes for the second stage the lead of the fact, log p/(1 − p) or its logit over the foil's, which
///   never saturates, in units of what the background takes away from it;
/// - lets masks larger than `area` cost, instead of weights;
/// - holds the weights by `anchor` times their relative entropy to w₀, nine parts Grad-CAM's positive
///   weights and one part all channels alike, so that channels that do not matter stay where they are;
/// - goes down by mirror descent, every step of which lowers the loss, until it gains less than
///   `tolerance` in eight steps.
///
/// Chosen by measuring on photographs with SqueezeNet and MobileNet, and on drawn pictures: Grad-CAM's
/// weights to begin with point better than equal ones; held on to less, with an `anchor` of 1.5, insertion
/// gains and localization loses; smaller areas insert and point better and cover less of the object, larger
/// ones the other way round; softplus losses of the lead are slower and no better; channels scaled to the
/// same height, and noise as a background, are worse.
///
/// Beside the mask, ``Strip``s show what is asked for: `layers`, each one's own inversion by the first stage
/// alone from equal weights; `channels`, by the part of the mask's variance that each accounts for; and
/// `trace`, at most 17 of the masks on the way.
///
/// Deterministic, but for backgrounds of noise, which are keyed by the subject's seed. A step of the
/// first stage costs a forward and a backward pass up to the inversion layer for each background, one
/// of the second stage two through the whole network, which go together.
///
/// Du, Liu, Song, Hu: Towards Explanation of DNN-based Prediction with Guided Feature Inversion, 2018
/// (arXiv:1804.00506).
public struct GuidedFeatureInversion: Explainer {
  /// Out of what masks are made.
  public enum Basis: String, NamedOption {
    /// Combinations of the maps of a layer.
    case channels
    /// Any values on a coarse grid.
    case grid
  }

  public static let about = MethodDescription(
    name: "guided-feature-inversion",
    summary: "What must be seen for the features and the class, through a mask of a layer's maps.",
    source: "Du et al.: Towards Explanation of DNN-based Prediction with Guided Feature Inversion, "
      + "2018 (arXiv:1804.00506)",
    parameters: [
      "profile": "whose method is run: \(InversionProfile.names)",
      "background":
        "what is seen where the mask is closed: \(Baseline.names); losses are averaged over "
        + "sums of them such as blur+mean",
      "basis": "out of what masks are made: \(Basis.names)",
      "cells": "cells of a grid along each side",
      "inversionLayer":
        "the layer whose features are kept, or auto: the last one with positions",
      "maskLayer":
        "the layer whose channels make the mask, or auto: the last one with positions that is no "
        + "pooling; under authors-code the inversion layer",
      "inversionSteps":
        "steps of the first stage: auto takes \(PublishedSchedule.paper.inversionSteps) under paper, "
        + "\(PublishedSchedule.authorsCode.inversionSteps) under authors-code, and at most "
        + "\(tidemarkInversionSteps) under tidemark",
      "steps":
        "steps of the second stage: auto takes \(PublishedSchedule.paper.steps) under paper, "
        + "\(PublishedSchedule.authorsCode.steps) under authors-code, and at most \(tidemarkSteps) "
        + "under tidemark",
      "rate":
        "length of a first step: auto is Adam's \(PublishedSchedule.rate), and under tidemark mirror "
        + "descent's \(tidemarkRate)",
      "inversionPenalty":
        "paper, authors-code: factor of the weights' penalty in the first stage; auto is "
        + "\(PublishedSchedule.paper.inversionPenalty) of |w| under paper, "
        + "\(PublishedSchedule.authorsCode.inversionPenalty) of w² under authors-code",
      "penalty":
        "the same in the second stage; auto is \(PublishedSchedule.paper.penalty) and "
        + "\(PublishedSchedule.authorsCode.penalty)",
      "backgroundWeight":
        "how much it counts that what the mask removes does not show the class",
      "area": "tidemark: the part of the picture beyond which a mask costs",
      "anchor": "tidemark: how closely weights are held to where they begin",
      "smoothness": "tidemark: how much the differences of neighbouring cells of a grid cost",
      "tolerance": "tidemark: gain of the loss in eight steps at which a stage ends",
      "layers":
        "layers such as features.4,features.8: a strip with a table tells what each of them keeps of the "
        + "picture, by the first stage alone",
      "channels":
        "how many of the channels that make up the mask are shown, in a strip with a table; 0 shows none",
      "trace": "whether a strip with a table shows how the mask came about",
    ])

  private static let tidemarkInversionSteps = 15
  private static let tidemarkSteps = 60
  private static let tidemarkRate = 0.3

  public var profile = InversionProfile.tidemark
  public var background = BaselineMixture(.blur)
  public var basis = Basis.channels
  /// 2...64
  public var cells = 14
  public var inversionLayer = LayerChoice.automatic
  public var maskLayer = LayerChoice.automatic
  /// 0...10000, as `steps`.
  public var inversionSteps = ProfileNumber.ofProfile
  public var steps = ProfileNumber.ofProfile
  public var rate = ProfileNumber.ofProfile
  public var inversionPenalty = ProfileNumber.ofProfile
  public var penalty = ProfileNumber.ofProfile
  public var backgroundWeight = 1.0
  public var area = 0.25
  public var anchor = 4.0
  public var smoothness = 1.0
  public var tolerance = 0.002
  public var layers = LayerList()
  /// 0...64
  public var channels = 0
  public var trace = false

  public init() {}

  public func validate() throws(ExplainerError) {
    func check(_ name: String, _ holds: Bool, _ reason: String) throws(ExplainerError) {
      guard holds else {
        throw .invalidParameter(method: Self.about.name, parameter: name, reason: reason)
      }
    }
    try check("cells", (2...64).contains(cells), "must be 2...64, found \(cells)")
    for (name, number) in [("inversionSteps", inversionSteps), ("steps", steps)] {
      let count = number.value(0)
      try check(
        name, (0...10_000).contains(count) && count == count.rounded(),
        "must be a whole number, 0...10000, found \(count)")
    }
    try check("rate", rate.value(1) > 0, "must be above 0, found \(rate.value(1))")
    for (name, value) in [
      ("inversionPenalty", inversionPenalty.value(0)), ("penalty", penalty.value(0)),
      ("backgroundWeight", backgroundWeight), ("anchor", anchor), ("smoothness", smoothness),
      ("tolerance", tolerance),
    ] {
      try check(name, value >= 0, "must be 0 or more, found \(value)")
    }
    try check("area", area > 0 && area <= 1, "must be above 0, at most 1, found \(area)")
    try check(
      "layers", layers.names.count <= 32, "at most 32 layers, found \(layers.names.count)")
    try check("channels", (0...64).contains(channels), "must be 0...64, found \(channels)")
    try check(
      "channels", channels == 0 || basis == .channels, "must be 0 for a grid, which has none")
  }

  public func explain(
    _ question: Question, using model: any DifferentiableClassifier
  ) throws(ExplainerError) -> Explanation {
    let layers = try layers(of: model)
    let subject = question.subject
    let scene = InversionScene(
      model: model, input: subject.input, backgrounds: profile.backgrounds(background, of: subject))
    let pass = model.trace(
      subject.input, for: TraceRequest(reading: [layers.inversion, layers.mask, .logits]))
    let logits = pass[.logits]
    guard logits.isFinite, pass[layers.mask].isFinite, pass[layers.inversion].isFinite else {
      throw .nonFinite(method: Self.about.name, where: "the network's answer")
    }
    let loss = InversionLoss(
      scene: scene, question: question, layer: layers.inversion, features: pass[layers.inversion])
    let mask = maskModel(of: pass[layers.mask], over: subject.input)
    let account = InversionAccount(loss: loss, logits: logits.scalars)
    let outcome =
      profile == .tidemark
      ? wellPosed(
        loss, mask, from: start(of: loss, mask, at: layers.mask),
        unit: max(account.lead - account.backgroundLead, 1)
      ).run() : published(loss, mask).run()
    var explanation = account.explanation(
      of: outcome, by: mask,
      notes: [
        "inversionLayer": layers.inversion.description, "maskLayer": layers.mask.description,
      ], gradients: profile == .tidemark && basis == .channels ? 1 : 0)
    var strips = InversionStrips(loss: loss, model: mask)
    if let outcome {
      if trace { strips.add(outcome.film) }
      if channels > 0 { strips.add(channels: channels, of: outcome) }
    }
    let depths = try self.layers.names.map { name throws(ExplainerError) in
      try model.activationLayer(.named(name), for: Self.about.name).name
    }
    strips.add(depths) { loss, features in
      let mask = maskModel(of: features, over: subject.input)
      return (mask, inversion(of: loss, mask))
    }
    strips.complete(&explanation)
    return explanation
  }

  /// The first stage alone, with all channels alike to begin with: no class has a say in it.
  private func inversion(of loss: InversionLoss, _ mask: MaskModel) -> InversionOutcome? {
    var method = self
    method.steps = .set(0)
    return profile == .tidemark
      ? method.wellPosed(loss, mask, from: mask.even, unit: 1).run()
      : method.published(loss, mask).run()
  }

  /// The last layer with positions that is not the answer itself, unless named.
  private func layers(
    of model: any DifferentiableClassifier
  ) throws(ExplainerError) -> (inversion: LayerName, mask: LayerName) {
    let last = model.layers.last { $0.isSpatial && $0.shape[1] != model.classCount }
    let inversion =
      if inversionLayer == .automatic, let last {
        last.name
      } else {
        try model.activationLayer(inversionLayer, for: Self.about.name).name
      }
    if maskLayer == .automatic, profile == .authorsCode { return (inversion, inversion) }
    return (inversion, try model.activationLayer(maskLayer, for: Self.about.name).name)
  }

  private func maskModel(of activations: Tensor, over input: Tensor) -> MaskModel {
    switch basis {
    case .grid: MaskModel(cells: cells, over: input)
    case .channels: MaskModel(channels: activations, form: profile.form, over: input)
    }
  }

  private func published(_ loss: InversionLoss, _ mask: MaskModel) -> PublishedInversion {
    let schedule = profile == .paper ? PublishedSchedule.paper : .authorsCode
    return PublishedInversion(
      loss: loss, model: mask, schedule: schedule,
      inversionSteps: Int(inversionSteps.value(Double(schedule.inversionSteps))),
      steps: Int(steps.value(Double(schedule.steps))), rate: rate.value(PublishedSchedule.rate),
      inversionPenalty: inversionPenalty.value(schedule.inversionPenalty),
      penalty: penalty.value(schedule.penalty), backgroundWeight: backgroundWeight)
  }

  private func wellPosed(
    _ loss: InversionLoss, _ mask: MaskModel, from start: [Double], unit: Double
  ) -> WellPosedInversion {
    WellPosedInversion(
      loss: loss, model: mask, start: start,
      inversionSteps: Int(inversionSteps.value(Double(Self.tidemarkInversionSteps))),
      steps: Int(steps.value(Double(Self.tidemarkSteps))), rate: rate.value(Self.tidemarkRate),
      tolerance: tolerance, anchor: anchor, backgroundWeight: backgroundWeight,
      unit: unit, area: area, smoothness: smoothness)
  }

  /// Nine parts the positive ones of the channels' mean slopes and one part the same for all; of a free
  /// mask a half everywhere.
  private func start(
    of loss: InversionLoss, _ mask: MaskModel, at layer: LayerName
  ) -> [Double] {
    guard mask.form != .free else { return mask.even }
    let gradient = loss.scene.model.gradient(
      of: loss.question.objective, for: loss.scene.input, at: layer
    ).gradient
    let plane = gradient.count / mask.count
    let slopes = gradient.withScalars { slopes in
      (0..<mask.count).map { channel in
        max(slopes[channel * plane..<(channel + 1) * plane].reduce(0) { $0 + Double($1) }, 0)
      }
    }
    let sum = slopes.reduce(0, +)
    guard sum > 0, sum.isFinite else { return mask.even }
    return zip(slopes, mask.even).map { 0.9 * $0 / sum + 0.1 * $1 }
  }
}
