import CKernels
import Tensors

extension tm_pool {
  /// Nil unless channels lie last.
  init?(_ window: Window, input: Shape, output: Shape, layout: FeatureLayout) {
    guard layout == .channelsLast else { return nil }
    func axis(_ it: Window.Axis, _ index: Int) -> tm_pool_axis {
      tm_pool_axis(
        taps: it.taps, stride: it.stride, dilation: it.dilation, before: it.before,
        after: it.after, inputs: input[index], outputs: output[index])
    }
    self.init(
      items: input[0], channels: input[3], rows: axis(window.rows, 1),
      columns: axis(window.columns, 2))
  }
}

extension Window {
  /// Whether the windows that see a position are neighbours, and each sees some position: then
  /// cotangents can be gathered.
  fileprivate var isGathered: Bool {
    [rows, columns].allSatisfy {
      $0.dilation == 1 && $0.before < $0.taps && $0.after < $0.taps
    }
  }
}

extension MaxPooling: AcceleratedKernel {
  func acceleratedStep(in memory: Memory) -> (any Step)? {
    guard
      let pool = tm_pool(window, input: input.shape, output: output.shape, layout: layout)
    else { return nil }
    let (x, y, winners) = (input, output, winners)
    return VectorStep(in: memory) { memory in
      withUnsafePointer(to: pool) {
        tm_max_pool($0, memory.read(x), memory.write(y), memory.indices(winners))
      }
    }
  }
}

extension MaxPoolingPullback: AcceleratedKernel {
  func acceleratedStep(in memory: Memory) -> (any Step)? {
    guard window.isGathered,
      let pool = tm_pool(
        window, input: inputCotangent.shape, output: outputCotangent.shape, layout: layout)
    else { return nil }
    let (dy, winners, dx) = (outputCotangent, winners, inputCotangent)
    let accumulates = accumulates
    return VectorStep(in: memory) { memory in
      withUnsafePointer(to: pool) {
        tm_max_pool_pull(
          $0, memory.read(dy), memory.indices(winners), memory.write(dx), accumulates)
      }
    }
  }
}

extension AveragePooling: AcceleratedKernel {
  func acceleratedStep(in memory: Memory) -> (any Step)? {
    guard
      let pool = tm_pool(window, input: input.shape, output: output.shape, layout: layout)
    else { return nil }
    let (x, y) = (input, output)
    let padded = divisor == .padded
    return VectorStep(in: memory) { memory in
      withUnsafePointer(to: pool) {
        tm_average_pool($0, memory.read(x), memory.write(y), padded)
      }
    }
  }
}

extension AveragePoolingPullback: AcceleratedKernel {
  func acceleratedStep(in memory: Memory) -> (any Step)? {
    guard window.isGathered,
      let pool = tm_pool(
        window, input: inputCotangent.shape, output: outputCotangent.shape, layout: layout)
    else { return nil }
    let (dy, dx) = (outputCotangent, inputCotangent)
    let padded = divisor == .padded
    let accumulates = accumulates
    return VectorStep(in: memory) { memory in
      withUnsafePointer(to: pool) {
        tm_average_pool_pull($0, memory.read(dy), memory.write(dx), padded, accumulates)
      }
    }
  }
}
