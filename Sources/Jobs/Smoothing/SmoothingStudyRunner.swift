import Boundaries
import Explanations
import Foundation
import Measures
import Networks
import Tensors

/// Asks how alike boundary saliency and the gradient are of a network that is smoothed more and more, and
/// how much attributions depend on what should not matter, picture by picture.
public struct SmoothingStudyRunner: Sendable {
  /// A network of the study.
  public struct Member: Sendable {
    /// As tables and charts call it; also a folder's name.
    public let name: String
    let job: Job

    /// Throws where there are no pictures, and for a name that is no folder's.
    public init(
      _ name: String, inputs: [String], output: String, model: OpenedModel,
      settings: SmoothingStudySettings, options: Job.Options
    ) throws(JobError) {
      guard !name.isEmpty, !name.hasPrefix("."), !name.contains("/") else {
        throw JobError(.request, "'\(name)' cannot be a network's name: it names a folder")
      }
      self.name = name
      var options = options
      options.seed = settings.seed
      job = try Job(
        inputs: inputs, output: output, model: model,
        methods: try MethodSelection.methods(named: [Gradient.about.name], settings: []),
        options: options)
    }
  }

  private let member: Member
  private let settings: SmoothingStudySettings
  private let store: ArtifactStore
  private let workshop: Workshop
  private let redoes: Bool

  /// Throws where not even one picture's pass fits into memory.
  public init(
    _ member: Member, settings: SmoothingStudySettings, into store: ArtifactStore, threads: Int,
    memory: MemoryBudget = .automatic, redoes: Bool = false
  ) throws(JobError) {
    self.member = member
    self.settings = settings
    self.store = store
    self.redoes = redoes
    workshop = try Workshop(
      for: member.job, threads: threads, memory: memory, bytesPerPixel: 12)
  }

  /// Works through all pictures; what is there already is not made again. Returns what failed.
  public func run(
    reporting report: @escaping @Sendable (RunEvent) -> Void = { _ in }
  ) async throws(JobError) -> [MapFailure] {
    try await store.writing {
      let items = member.job.scan.items
      // Every level is told as a map, and so is every variant.
      let parts = settings.deviations.count + (settings.comparesBaselines ? 3 : 0)
      let meter = ProgressMeter(
        RunProgress(total: items.count, totalMaps: items.count * parts, stage: .measuring)
      ) { report(.progress($0)) }
      var failures: [MapFailure] = []
      for await (_, failure) in workshop.workers.results(
        of: items, { process($0, parts: parts, meter) })
      {
        if let failure { failures.append(failure) }
      }
      return failures.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }
  }

  static func file(of path: String, network: String) -> String {
    "pictures/\(network)/\(path).json"
  }

  private func process(_ item: WorkItem, parts: Int, _ meter: ProgressMeter) -> MapFailure? {
    var doneCount = 0
    defer { meter.addPicture(idleMaps: parts - doneCount) }
    do throws(Refusal) {
      let reader = PictureReader(job: member.job, room: workshop.room)
      let bytes = try reader.read(item)
      let digest = ContentDigest(of: bytes)
      let manifest = member.job.manifest
      let request = SmoothedPicture.Request(
        tidemark: manifest.tidemark, engine: manifest.engine, model: manifest.model,
        reading: manifest.reading, input: digest, settings: settings)
      let file = Self.file(of: item.path, network: member.name)
      if !redoes, let data = store.read(file),
        let known = try? JSONText.decode(SmoothedPicture.self, from: data),
        known.schema == SmoothedPicture.schema, known.request == request
      {
        return nil
      }
      let subject = try reader.decoding(item, bytes, digest) { (picture) throws(Refusal) in
        try Sitting(
          of: picture, keeping: nil, of: member.job, using: workshop.model
        ).subject
      }
      func told<Value>(_ make: () throws(Refusal) -> Value) throws(Refusal) -> Value {
        let value = try make()
        doneCount += 1
        meter.addMap()
        return value
      }
      var levels: [SmoothedPicture.Level] = []
      for deviation in settings.deviations {
        levels.append(
          try told { () throws(Refusal) in try level(deviation, of: subject) })
      }
      var sensitivity: [SmoothedPicture.Sensitivity] = []
      if settings.comparesBaselines {
        for variant in Variant.allCases {
          sensitivity.append(
            try told { () throws(Refusal) in try self.sensitivity(of: variant, for: subject) })
        }
      }
      let found = SmoothedPicture(
        request: request, path: item.path, levels: levels, sensitivity: sensitivity)
      do {
        try store.write(try JSONText.page(found), to: file)
      } catch {
        throw Refusal(.output, ArtifactStore.reason(error))
      }
      return nil
    } catch {
      return MapFailure(error.kind, path: item.path, reason: error.reason)
    }
  }

  // MARK: - Boundary saliency against the gradient

  private func level(
    _ deviation: Double, of subject: Subject
  ) throws(Refusal) -> SmoothedPicture.Level {
    var model: any DifferentiableClassifier = workshop.model
    if deviation > 0 {
      do throws(NetworkError) {
        model = Smoothed(
          model, by: try Smoothing(deviation: deviation, samples: settings.samples),
          seed: subject.seed)
      } catch {
        throw Refusal(.method, "\(error)")
      }
    }
    let fact = model.prediction(for: subject.input).top
    var method = BoundarySaliency()
    method.of = settings.score
    method.search = SearchChoice(ProjectionSearch(gradients: settings.gradients))
    let saliency = try Self.answer(method, Question(subject, fact: fact), model)
    let foil = saliency.diagnostics.values["foil"].map { Int($0) }
    // The same score at the picture itself.
    let gradient = foil.map { foil in
      model.gradient(
        of: settings.score.objective(fact, over: foil), for: subject.input
      ).gradient
    }
    let labels = workshop.model.labels
    return SmoothedPicture.Level(
      deviation: deviation, fact: ClassRecord(fact, labels: labels),
      foil: foil.map { ClassRecord($0, labels: labels) },
      distance: saliency.diagnostics.values["distance"],
      similarity: gradient.flatMap { MapSimilarity(saliency.map.values, $0) },
      status: saliency.status.code)
  }

  // MARK: - What should not matter

  /// A method with something changed that should not matter.
  enum Variant: String, CaseIterable {
    /// Integrated gradients from four baselines and five pictures of noise.
    case baselines = "integrated-gradients, 9 baselines"
    /// From the boundary, as a search that begins at random finds it from five seeds.
    case seeds = "boundary-integrated-gradients, 5 seeds of pgd-ladder"
    /// From the boundary, as five searches find it.
    case searches = "boundary-integrated-gradients, 5 searches"
  }

  private func sensitivity(
    of variant: Variant, for subject: Subject
  ) throws(Refusal) -> SmoothedPicture.Sensitivity {
    let model = workshop.model
    let fact = model.prediction(for: subject.input).top
    func reseeded(_ seed: UInt64) -> Subject {
      Subject(
        picture: subject.picture, input: subject.input, placement: subject.placement, seed: seed)
    }
    var maps: [Tensor] = []
    func add(
      _ method: some Explainer<any DifferentiableClassifier>, _ subject: Subject
    ) throws(Refusal) {
      let answer = try Self.answer(method, Question(subject, fact: fact), model)
      // What found no boundary has nothing to compare.
      if answer.map.values.largestMagnitude > 0 { maps.append(answer.map.values) }
    }
    switch variant {
    case .baselines:
      var method = IntegratedGradients()
      method.draws = 1
      for baseline in [Baseline.black, .white, .mean, .blur] {
        method.baseline = BaselineMixture(baseline)
        try add(method, subject)
      }
      method.baseline = BaselineMixture(.noise)
      for seed in 0..<5 { try add(method, reseeded(subject.seed &+ UInt64(seed))) }
    case .seeds:
      var method = BoundaryIntegratedGradients()
      method.of = settings.score
      method.search = SearchChoice(GradientLadderSearch())
      for seed in 0..<5 { try add(method, reseeded(subject.seed &+ UInt64(seed))) }
    case .searches:
      var method = BoundaryIntegratedGradients()
      method.of = settings.score
      for search: any BoundarySearch in [
        ProjectionSearch(gradients: settings.gradients), DeepFoolSearch(), DecoupledNormSearch(),
        MinimumNormSearch(), GradientLadderSearch(),
      ] {
        method.search = SearchChoice(search)
        try add(method, subject)
      }
    }
    return SmoothedPicture.Sensitivity(
      variant: variant.rawValue, maps: maps.count,
      similarity: MapSimilarity.mean(amongPairsOf: maps))
  }

  private static func answer(
    _ method: some Explainer<any DifferentiableClassifier>, _ question: Question,
    _ model: any DifferentiableClassifier
  ) throws(Refusal) -> Explanation {
    do throws(ExplainerError) {
      return try method.explain(question, using: model)
    } catch {
      throw Refusal(.method, "\(error)")
    }
  }
}
