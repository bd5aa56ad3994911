import Testing

@testable import Jobs

struct MemoryBudgetTests {
  @Test(arguments: [
    ("2G", 2 << 30), ("512M", 512 << 20), ("1.5g", 3 << 29), ("800k", 800 << 10), ("4096", 4096),
  ])
  func `sizes are read in powers of 1024`(text: String, bytes: Int) {
    #expect(MemoryBudget(text)?.byteCount == bytes)
  }

  @Test(arguments: ["", "G", "-1G", "0", "2X", "2GB", "1e3", "inf", "nan", "99999999T"])
  func `what is no size is refused`(text: String) {
    #expect(MemoryBudget(text) == nil)
  }

  @Test func `memory decides how many workers there are, and refuses where none fits`() throws {
    let budget = MemoryBudget(byteCount: 1000)
    #expect(try budget.workers(wanted: 4, each: 300, shared: 100) == 3)
    #expect(try budget.workers(wanted: 2, each: 300, shared: 100) == 2)
    #expect(throws: JobError.self) { try budget.workers(wanted: 1, each: 901, shared: 100) }
    #expect(throws: JobError.self) { try budget.workers(wanted: 1, each: 1, shared: 1000) }
  }
}
