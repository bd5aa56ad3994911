import Testing

@testable import Jobs

struct ContentDigestTests {
  @Test func `the digest is SHA-256's`() {
    // FIPS 180-2, appendix B.1.
    #expect(
      ContentDigest(of: "abc".utf8).description
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  @Test func `seeds depend on the run's seed and on the content alone`() {
    let (a, b) = (ContentDigest(of: "a".utf8), ContentDigest(of: "b".utf8))
    #expect(a.seed(ofRun: 1) == ContentDigest(of: "a".utf8).seed(ofRun: 1))
    #expect(Set([a.seed(ofRun: 0), a.seed(ofRun: 1), b.seed(ofRun: 0)]).count == 3)
  }
}
