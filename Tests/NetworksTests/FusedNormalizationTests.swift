import Kernels
import Tensors
import TestSupport
import Testing

@testable import Networks

/// What normalisation takes over from the layers behind it.
@Suite struct FusedNormalizationTests {
  private func program(_ passes: Set<PlanPass>) throws -> Program {
    let network = try TrainableNetworkTests.network()
    let request = TraceRequest(
      reading: ["scores"], seeding: ["scores"], parameters: Set(network.nodes.map(\.name)),
      phase: .training)
    let builder = try PlanBuilder(network.graph, for: request, batch: 2)
    return PlanOptions(engine: .portable, passes: passes)
      .optimized(builder.program, sharing: PackedWeights())
  }

  @Test func `gates, sums and pools go along`() throws {
    let kernels = try program([.fusedNormalizations]).kernels
    let forward = kernels.compactMap { $0 as? BatchNormalize }
    #expect(forward.count == 5)
    #expect(forward.count { $0.gate != nil } == 4)
    #expect(forward.count { $0.addend != nil } == 1)
    #expect(forward.count { $0.windows != .none } == 1)
    let back = kernels.compactMap { $0 as? BatchNormalizePullback }
    #expect(back.count { $0.forward.gate != nil } == 4)
    #expect(back.count { $0.addendCotangent != nil } == 1)
    // Nothing is left of what was taken over.
    #expect(!kernels.contains { $0 is MaxPooling || $0 is MaxPoolingPullback })
    #expect(!kernels.contains { $0 is any GateKernel || $0 is any GatePullbackKernel })
    let plain = try program([]).kernels
    #expect(plain.contains { $0 is MaxPooling } && plain.contains { $0 is any GateKernel })
  }

  @Test(arguments: Engine.available)
  func `gradients are the same with each pass on and off`(engine: Engine) throws {
    let network = try TrainableNetworkTests.network()
    let pictures = TrainableNetworkTests.pictures(network)
    let layers = Set(network.nodes.map(\.name))
    func gradients(_ passes: Set<PlanPass>) -> (Tensor, Gradients) {
      let request = TraceRequest(
        seeding: [.logits], gradients: [.input], parameters: layers, phase: .training)
      let trace = CompiledNetwork(network, engine: engine, passes: passes)
        .trace(pictures, for: request)
      let logits = trace[.logits]
      return (logits, trace.gradients(seeding: [.logits: logits]))
    }
    let all = Set(PlanPass.allCases)
    let (logits, expected) = gradients([])
    for passes in [all] + PlanPass.allCases.map({ all.subtracting([$0]) }) {
      let (found, foundGradients) = gradients(passes)
      #expect(relativeError(found, logits) < 1e-5)
      let (input, expectedInput) = (foundGradients[.input], expected[.input])
      #expect(relativeError(try #require(input), try #require(expectedInput)) < 2e-4)
      for (layer, tensors) in expected.parameters {
        let others = try #require(foundGradients.parameters[layer])
        for (tensor, other) in zip(tensors, others) {
          #expect(relativeError(other, tensor) < 2e-4, "\(layer)")
        }
      }
    }
  }
}
