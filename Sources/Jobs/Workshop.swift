import Foundation
import Kernels
import Networks

/// What a job works with: its network, compiled, and threads and memory, divided.
///
/// Results depend on neither threads nor memory: a network's batches are of a size that only the network
/// decides, and no sum is split by thread.
struct Workshop: Sendable {
  /// What is asked about pictures.
  let model: any DifferentiableClassifier
  /// The same as plain layers.
  let network: CompiledNetwork
  /// Pictures that are worked on side by side.
  let workerCount: Int
  let threads: Int
  let room: PictureRoom

  /// Throws where not even one picture's pass fits into memory.
  ///
  /// - Parameter bytesPerPixel: what a picture takes while it is worked on.
  init(
    for job: Job, threads: Int, memory: MemoryBudget, bytesPerPixel: Int
  ) throws(JobError) {
    let invertible = job.invertible.map { CompiledInvertibleNetwork($0, engine: job.engine) }
    network = invertible?.classifier ?? CompiledNetwork(job.network, engine: job.engine)
    model = invertible ?? network
    let weights = job.network.parameterCount * MemoryLayout<Float>.stride
    // Noise that is kept for a smoothed picture.
    let noise = job.manifest.smoothing == nil ? 0 : 96 << 20
    let pass = try Self.byteCount(ofPassThrough: network) + noise
    workerCount = try memory.workers(
      wanted: max(1, min(threads, job.scan.items.count)), each: pass + Self.pictureByteCount,
      shared: weights)
    self.threads = max(1, threads)
    room = PictureRoom(
      byteCount: memory.byteCount - weights - workerCount * pass, bytesPerPixel: bytesPerPixel)
    // Plans that wait for their next use may take what ordinary pictures leave, within reason.
    let rest = room.byteCount - workerCount * Self.pictureByteCount
    let idle = min(max(rest, 0), 1 << 30)
    network.idleByteLimit = idle
    // Half of it for each direction.
    invertible?.idleByteLimit = idle / 2
  }

  /// Threads for pictures. Where there are fewer than cores, since there are few pictures or little
  /// memory, each picture's passes share the other cores.
  var workers: WorkerThreads {
    let cores = min(threads, ProcessInfo.processInfo.activeProcessorCount)
    return WorkerThreads(count: workerCount, width: max(1, cores / workerCount))
  }

  /// What a worker is given for its pictures when workers are counted: enough for 8 million pixels.
  private static let pictureByteCount = 160 << 20

  private static func byteCount(
    ofPassThrough model: CompiledNetwork
  ) throws(JobError) -> Int {
    do throws(NetworkError) {
      return try model.byteCount(
        of: TraceRequest(reading: [.logits], seeding: [.logits], gradients: [.input]),
        batch: model.batchLimit)
    } catch {
      throw JobError(.environment, "the network cannot be run: \(error)")
    }
  }
}
