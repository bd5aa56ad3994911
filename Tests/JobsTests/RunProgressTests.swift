import Synchronization
import Testing

@testable import Jobs

struct RunProgressTests {
  private func progress(_ change: (inout RunProgress) -> Void) -> RunProgress {
    var progress = RunProgress(total: 30, totalMaps: 60)
    change(&progress)
    return progress
  }

  @Test func `what is left is like what was made`() {
    let progress = progress {
      $0.done = 10
      $0.doneMaps = 20
      $0.madeMaps = 20
      $0.elapsed = .seconds(60)
    }
    #expect(progress.remaining == .seconds(120))
    #expect("\(progress)" == "10/30 pictures, 20/60 maps, about 2 min left")
  }

  @Test func `what was there already does not speed up the rest`() {
    let progress = progress {
      $0.done = 20
      $0.doneMaps = 40
      $0.madeMaps = 10
      $0.elapsed = .seconds(60)
    }
    #expect(progress.remaining == .seconds(120))
  }

  @Test func `nothing is promised at the beginning and the end`() {
    #expect("\(RunProgress(total: 3, totalMaps: 3))" == "0/3 pictures")
    let end = progress {
      $0.done = 30
      $0.doneMaps = 60
      $0.madeMaps = 60
    }
    #expect("\(end)" == "30/30 pictures, 60/60 maps")
  }

  @Test func `parts of a map count until it is made`() {
    let last = Mutex(RunProgress(total: 1, totalMaps: 1))
    let meter = ProgressMeter(RunProgress(total: 2, totalMaps: 4)) { progress in
      last.withLock { $0 = progress }
    }
    func progress() -> RunProgress { last.withLock { $0 } }
    meter.addPart(0.25)
    meter.addPart(0.25)
    #expect(progress().remaining == progress().elapsed * 7.0)
    meter.addMap(parts: 0.5)
    #expect(progress().partialMaps == 0 && progress().doneMaps == 1)
    #expect(progress().remaining == progress().elapsed * 3.0)
  }

  @Test func `threads count together`() async {
    let last = Mutex(RunProgress(total: 1, totalMaps: 1))
    let meter = ProgressMeter(RunProgress(total: 40, totalMaps: 80)) { progress in
      last.withLock { $0 = progress }
    }
    let results = WorkerThreads(count: 4).results(of: Array(0..<40)) { _ in
      meter.addMap()
      meter.addPicture(idleMaps: 1)
    }
    for await _ in results {}
    let end = last.withLock { $0 }
    #expect(end.done == 40 && end.doneMaps == 80 && end.madeMaps == 40)
  }
}
