import Foundation
import Tensors
import Testing

@testable import Directions

/// Matrices whose answers are known, and what NumPy and SciPy say of others.
enum Matrices {
  static let needsLAPACK: Comment = "needs LAPACK (liblapacke-dev)"

  /// Normally distributed values in double precision.
  static func normal(_ rows: Int, _ columns: Int, seed: UInt64 = 3) -> [[Double]] {
    let values = CounterRandom(seed: seed).normal([rows, columns], sample: 0)
    // Two parts, so that values are not those of single precision.
    let rest = CounterRandom(seed: seed).normal([rows, columns], sample: 1)
    return (0..<rows).map { row in
      (0..<columns).map {
        Double(values[row * columns + $0]) + 1e-8 * Double(rest[row * columns + $0])
      }
    }
  }

  /// A matrix of some rank: a product of two.
  static func normal(_ rows: Int, _ columns: Int, rank: Int) -> [[Double]] {
    product(normal(rows, rank, seed: 4), normal(rank, columns, seed: 5))
  }

  static func product(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
    a.map { row in
      (0..<(b.first?.count ?? 0)).map { column in
        row.indices.reduce(0) { $0 + row[$1] * b[$1][column] }
      }
    }
  }

  static func transposed(_ a: [[Double]]) -> [[Double]] {
    (0..<(a.first?.count ?? 0)).map { column in a.map { $0[column] } }
  }

  /// The largest magnitude of a difference; infinite for matrices of unlike size.
  static func distance(_ a: [[Double]], _ b: [[Double]]) -> Double {
    guard a.map(\.count) == b.map(\.count) else { return .infinity }
    return zip(a.joined(), b.joined()).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
  }

  static func distance(_ a: [Double], _ b: [Double]) -> Double { distance([a], [b]) }

  struct Golden: Decodable {
    struct Principal: Decodable {
      var components: [[Double]]
      var scores: [[Double]]
      var shares: [Double]
      var sumOfSquares: Double
    }

    struct Case: Decodable {
      var name: String
      var rows: [[Double]]
      var pivots: [Int]
      var diagonal: [Double]
      var singularValues: [Double]
      var centered: Principal
      var plain: Principal
    }

    var cases: [Case]
    var displacement: [Float]
    var cosines: [Double]
  }

  static func golden() throws -> Golden {
    let file = try #require(
      Bundle.module.url(
        forResource: "factorizations", withExtension: "json", subdirectory: "Golden"))
    return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
  }
}

extension DirectionRows {
  init(_ rows: [[Double]]) {
    self.init(count: rows.count, length: rows.first?.count ?? 1, doubles: { rows[$0] })
  }
}
