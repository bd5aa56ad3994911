import Explanations
import Tensors
import TestSupport
import Testing

@testable import Jobs

struct StoredMapTests {
  private let map = AttributionMap(Tensor([1, -2, 3, 4], shape: [1, 2, 2]), sign: .signed)
  private let error = AttributionMap(Tensor([0.1, 0.2, 0, 0], shape: [1, 2, 2]), sign: .magnitude)

  @Test func `a map and its errors are read back as they were written`() throws {
    let folder = try TemporaryFolder()
    let store = try ArtifactStore(folder: folder("out"))
    let stored = StoredMap(map, standardError: error)
    try stored.write(to: "maps/a/x", in: store)
    #expect(StoredMap.map(of: stored.record, at: "maps/a/x", in: store) == map)
    #expect(StoredMap.standardError(of: stored.record, at: "maps/a/x", in: store) == error)
    #expect(StoredMap.exists(stored.record, at: "maps/a/x", in: store))
    try store.remove("maps/a/x.standard-error.npy")
    #expect(!StoredMap.exists(stored.record, at: "maps/a/x", in: store))
  }

  @Test func `errors of an earlier map do not stay beside one without`() throws {
    let folder = try TemporaryFolder()
    let store = try ArtifactStore(folder: folder("out"))
    try StoredMap(map, standardError: error).write(to: "maps/a/x", in: store)
    let plain = StoredMap(map)
    try plain.write(to: "maps/a/x", in: store)
    #expect(try folder.files(below: "out").keys.sorted() == ["maps/a/x.npy"])
    #expect(StoredMap.standardError(of: plain.record, at: "maps/a/x", in: store) == nil)
  }

  @Test func `numbers that were changed are not taken for the map`() throws {
    let folder = try TemporaryFolder()
    let store = try ArtifactStore(folder: folder("out"))
    let stored = StoredMap(map)
    try stored.write(to: "maps/a/x", in: store)
    try StoredMap(error).write(to: "maps/a/x", in: store)
    #expect(StoredMap.map(of: stored.record, at: "maps/a/x", in: store) == nil)
  }
}
