import Explanations
import Imaging
public import Networks
public import Rendering

/// What a run was asked to do: `run.json` in its folder.
///
/// It holds what decides results, and not what decides how long they take (threads, memory).
public struct Manifest: Sendable, Codable, Equatable {
  public static let schema = "tidemark.run/1"
  static let name = "run.json"

  public var schema = Manifest.schema
  /// This program's version.
  public var tidemark: String
  public var engine: String
  /// Files and folders as they were given.
  public var inputs: [String]
  /// The network's file as it was given.
  public var modelPath: String
  public var model: ModelRecord
  /// Where the class names come from.
  public var labels: String
  public var reading: ReadingRecord
  public var methods: [MethodRecord]
  /// As it was written: `predicted`, `top:3`, ...
  public var target: String
  public var rendering: OverlayRenderer
  public var seed: UInt64
  /// How the network is smoothed; missing where it is not.
  public var smoothing: Smoothing?
  /// How smoothed decisions are certified; missing where they are not.
  public var certification: Certification?
  /// Pictures of more pixels are refused.
  public var maximumPixels: Int
  /// The mask of what is kept, as it was given; nil where all may change.
  public var keep: String?

  /// What decides the numbers of one map.
  func request(
    input: ContentDigest, kept: ContentDigest?, method: MethodRecord, target: String?
  ) -> MapRequest {
    MapRequest(
      tidemark: tidemark, engine: engine, model: model, reading: reading, input: input,
      kept: kept, method: method, target: target ?? "predicted", seed: seed,
      smoothing: smoothing, certification: certification)
  }
}
