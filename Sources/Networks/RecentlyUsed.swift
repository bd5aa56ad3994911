/// A few values by key. Before one more is made than there may be, the one that was not asked for the
/// longest goes.
struct RecentlyUsed<Key: Hashable, Value> {
  /// At least 1.
  let limit: Int
  private var values: [Key: Value] = [:]
  /// The keys, the one used last at the end.
  private var order: [Key] = []

  init(limit: Int) { self.limit = limit }

  mutating func value(for key: Key, orMake make: () -> Value) -> Value {
    order.removeAll { $0 == key }
    if values[key] == nil, order.count >= limit { values[order.removeFirst()] = nil }
    let value = values[key] ?? make()
    values[key] = value
    order.append(key)
    return value
  }
}
