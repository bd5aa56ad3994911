/// A step by one of our C kernels.
struct VectorStep: Step {
  let memory: Memory
  let body: (Memory) -> Void

  init(in memory: Memory, _ body: @escaping (Memory) -> Void) {
    self.memory = memory
    self.body = body
  }

  func run() { body(memory) }
}
