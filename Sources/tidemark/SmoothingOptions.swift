public import ArgumentParser
import Jobs
public import Networks

/// Whether the network itself is explained, or the network smoothed by noise.
struct SmoothingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Explain the network smoothed: its scores averaged over copies of the picture with noise of this "
        + "deviation, pixels being 0...1. For every method; predictions are smoothed, too.",
      valueName: "deviation"))
  var smooth: Double?

  @Option(
    help: ArgumentHelp("Copies of the picture for each smoothed answer.", valueName: "number"))
  var smoothSamples = 64

  @Option(
    help: ArgumentHelp(
      "What is averaged: logits or probabilities.", valueName: "name"))
  var smoothMean = Smoothing.Mean.logits

  @Option(
    help: ArgumentHelp(
      "Certify the smoothed decision from so many copies, and write into the sidecar within which "
        + "distance the vote of noisy copies holds. With 1000 no radius exceeds 2.46 deviations, with "
        + "100000 3.81.", valueName: "number"))
  var certify: Int?

  func validate() throws {
    if certify != nil, smooth == nil {
      throw ValidationError("--certify: only smoothed decisions can be certified; add --smooth")
    }
  }

  func smoothing() throws(JobError) -> Smoothing? {
    guard let smooth else { return nil }
    return try Self.checked { () throws(NetworkError) in
      try Smoothing(deviation: smooth, samples: smoothSamples, mean: smoothMean)
    }
  }

  func certification() throws(JobError) -> Certification? {
    guard let certify else { return nil }
    return try Self.checked { () throws(NetworkError) in try Certification(samples: certify) }
  }

  private static func checked<Value>(
    _ make: () throws(NetworkError) -> Value
  ) throws(JobError) -> Value {
    do throws(NetworkError) {
      return try make()
    } catch {
      throw JobError(.request, "smoothing: \(error)")
    }
  }
}

extension Smoothing.Mean: ExpressibleByArgument {}
