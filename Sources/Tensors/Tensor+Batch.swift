extension Tensor {
  /// Items along the leading axis. Traps on a scalar.
  public var batch: Int { shape[0] }

  /// One item of a batch, with a leading extent of 1: `[N, …]` → `[1, …]`.
  public func item(_ index: Int) -> Tensor { items(index..<index + 1) }

  /// Some items of a batch: `[N, …]` → `[range.count, …]`. Traps outside.
  public func items(_ range: Range<Int>) -> Tensor {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= batch, "items \(range) of a batch of \(batch)")
    let size = shape.item.count
    return withScalars { source in
      Tensor(shape: shape.batched(range.count)) { target in
        _ = target.initialize(
          fromContentsOf: source[range.lowerBound * size..<range.upperBound * size])
      }
    }
  }

  /// Batches put behind one another. Traps on an empty list or when items differ in shape.
  public static func concatenating(_ parts: [Tensor]) -> Tensor {
    guard let first = parts.first else { preconditionFailure("nothing to concatenate") }
    let item = first.shape.item
    precondition(
      parts.allSatisfy { $0.shape.item == item }, "items of different shapes do not make a batch")
    let shape = first.shape.batched(parts.reduce(0) { $0 + $1.batch })
    return Tensor(shape: shape) { target in
      var start = 0
      for part in parts {
        part.withScalars { scalars in
          _ = target[start..<start + scalars.count].initialize(fromContentsOf: scalars)
        }
        start += part.count
      }
    }
  }

  /// The item repeated: `[1, …]` → `[times, …]`. Traps unless there is one item.
  public func repeated(_ times: Int) -> Tensor {
    precondition(batch == 1, "repeats one item, got \(shape)")
    return .concatenating([Tensor](repeating: self, count: times))
  }

  /// The batch brought to `count` items by repeating its last one, so that a plan of fixed batch can
  /// run it. Traps when it is empty or longer.
  public func padded(toBatch count: Int) -> Tensor {
    precondition(batch >= 1 && batch <= count, "a batch of \(batch) cannot be padded to \(count)")
    guard batch < count else { return self }
    return .concatenating([self, item(batch - 1).repeated(count - batch)])
  }
}
