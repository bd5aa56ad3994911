import Measures
import Tensors
import Testing

struct MapSimilarityTests {
  @Test func `equal maps of any scale are alike, opposite ones are not`() throws {
    let map = Tensor([1, -2, 3, 0.5], shape: [1, 2, 2])
    let same = try #require(MapSimilarity(map, 3 * map))
    #expect((same.cosine - 1).magnitude < 1e-9 && same.rank == 1 && same.distance < 1e-4)
    let opposite = try #require(MapSimilarity(map, -1 * map))
    #expect((opposite.cosine + 1).magnitude < 1e-9 && (opposite.distance - 2).magnitude < 1e-9)
    let square = try #require(
      MapSimilarity(Tensor([1, 0], shape: [2]), Tensor([0, 1], shape: [2])))
    #expect(square.cosine == 0 && (square.distance - 2.0.squareRoot()).magnitude < 1e-9)
  }

  @Test func `means are over pairs that can be compared`() throws {
    let maps = [[1, 0], [0, 1], [1, 0]].map { Tensor($0, shape: [2]) }
    let mean = try #require(MapSimilarity.mean(amongPairsOf: maps))
    #expect((mean.cosine - 1.0 / 3).magnitude < 1e-9)
    #expect(MapSimilarity(maps[0], Tensor(zeros: [2])) == nil)
    #expect(MapSimilarity.mean(amongPairsOf: [maps[0]]) == nil)
  }
}
