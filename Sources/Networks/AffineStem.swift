extension LayerGraph {
  /// The last of the layers at the input that are affine in it, and through which all that comes of
  /// the input passes; nil where there is none.
  ///
  /// What lies between is a chain: a layer that several others read ends it, and so does `last`.
  func affineStemEnd(atMost last: LayerName) -> LayerName? {
    let varying = descendants(of: [input])
    var readers: [LayerName: [Node]] = [:]
    for node in nodes {
      for name in Set(node.inputs) { readers[name, default: []].append(node) }
    }
    var end = input
    while end != last, let next = readers[end], next.count == 1 {
      let node = next[0]
      let inputs = node.inputs.indices.filter { varying.contains(node.inputs[$0]) }
      guard inputs.count == 1, node.layer.isAffine(inInput: inputs[0]) else { break }
      end = node.name
    }
    return end == input ? nil : end
  }
}
