import Testing

@testable import Jobs

struct RunProgressTests {
  @Test func `what is left is like what was done`() {
    let progress = RunProgress(done: 10, total: 30, elapsed: .seconds(60))
    #expect(progress.remaining == .seconds(120))
    #expect("\(progress)" == "10/30 pictures, about 2 min left")
  }

  @Test func `nothing is promised at the beginning and the end`() {
    #expect("\(RunProgress(done: 0, total: 3, elapsed: .seconds(1)))" == "0/3 pictures")
    #expect("\(RunProgress(done: 3, total: 3, elapsed: .seconds(1)))" == "3/3 pictures")
  }
}
