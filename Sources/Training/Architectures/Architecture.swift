public import Imaging
public import Networks
import Tensors

/// Small convolutional classifiers to be trained from the beginning.
///
/// All take pixels 0...1, normalise after each convolution by the statistics of the batch, and end in
/// the mean over all positions and one dense layer; but see `invertible`.
public enum Architecture: String, Sendable, Codable, CaseIterable {
  /// Convolutions 3 × 3 with poolings between them; `depth` convolutions.
  case plain
  /// Pairs of convolutions with a way around them; three stages of `depth` such blocks.
  ///
  /// He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, 2016 (arXiv:1512.03385),
  /// section 4.2; the last normalisation of a block begins at 0, so that a block begins as nothing.
  case residual
  /// Inverted residual blocks of depthwise convolutions; three stages of `depth` blocks.
  ///
  /// Sandler, Howard, Zhu, Zhmoginov, Chen: MobileNetV2, 2018 (arXiv:1801.04381); wide maps have four
  /// times the channels of narrow ones.
  case mobile
  /// Invertible blocks, whose features determine the picture; up to three stages, the last one
  /// of `depth` couplings. The head is linear in the features.
  ///
  /// Jacobsen, Smeulders, Oyallon: i-RevNet, 2018 (arXiv:1802.07088), with normalisations as in Glow
  /// (arXiv:1807.03039) and Haar's transform between the stages.
  case invertible

  /// Channels of the first convolution where nothing else is asked for.
  public var defaultWidth: Int {
    switch self {
    case .plain: 32
    case .residual, .mobile, .invertible: 16
    }
  }

  public var defaultDepth: Int {
    switch self {
    case .plain: 4
    case .residual, .mobile: 2
    case .invertible: 3
    }
  }

  /// A network with random weights.
  ///
  /// Weights of convolutions are drawn after He, Zhang, Ren, Sun: Delving Deep into Rectifiers, 2015
  /// (arXiv:1502.01852), from the normal distribution of variance 2 / fan-in.
  ///
  /// - Parameters:
  ///   - channels: 1 for gray pictures, 3 for RGB.
  ///   - width: channels of the first convolution.
  ///   - depth: see the cases.
  ///   - seed: where random numbers start.
  public func network(
    size: PixelSize, channels: Int, labels: [String], width: Int, depth: Int, seed: UInt64
  ) throws(TrainingError) -> Network {
    if self == .invertible {
      return try invertibleNetwork(
        size: size, channels: channels, labels: labels, width: width, depth: depth, seed: seed
      ).network
    }
    do throws(LayerError) {
      var draft = try NetworkDraft(channels: channels, seed: seed)
      switch self {
      case .plain: try draft.addPlain(size: size, width: width, depth: depth)
      case .residual: try draft.addResidual(size: size, width: width, depth: depth)
      case .mobile: try draft.addMobile(size: size, width: width, depth: depth)
      case .invertible: break
      }
      try draft.addHead(classCount: labels.count)
      do throws(NetworkError) {
        return try Network(
          input: NetworkDraft.pixels, inputShape: [channels, size.height, size.width],
          nodes: draft.nodes, logits: NetworkDraft.head, labels: labels)
      } catch {
        throw LayerError("\(error)")
      }
    } catch {
      throw refusal("\(error.reason); choose a larger --size, or less depth", size, width, depth)
    }
  }

  func refusal(
    _ reason: String, _ size: PixelSize, _ width: Int, _ depth: Int
  ) -> TrainingError {
    TrainingError(
      .request,
      "--architecture \(rawValue) with width \(width) and depth \(depth) is not possible for "
        + "pictures of \(size): \(reason)")
  }
}

extension NetworkDraft {
  /// Convolution, normalisation, rectifier; a pooling by 2 after each, as long as maps are larger than
  /// 4 × 4. Widths go up from `width` to twice and four times that.
  fileprivate mutating func addPlain(size: PixelSize, width: Int, depth: Int) throws(LayerError) {
    var side = min(size.width, size.height)
    for index in 0..<depth {
      try addConvolution(
        "conv\(index + 1)", outputs: width << min(index, 2), taps: 3)
      addRectifier("relu\(index + 1)")
      if side > 4 {
        try addPooling("pool\(index + 1)")
        side /= 2
      }
    }
  }

  fileprivate mutating func addResidual(
    size: PixelSize, width: Int, depth: Int
  ) throws(LayerError) {
    try addStem(size: size, width: width)
    for stage in 0..<3 {
      for block in 0..<depth {
        let name = "block\(stage + 1).\(block + 1)"
        let outputs = width << stage
        let stride = stage > 0 && block == 0 ? 2 : 1
        let (start, inputs) = (last, channels)
        try addConvolution("\(name).conv1", outputs: outputs, taps: 3, stride: stride)
        addRectifier("\(name).relu1")
        try addConvolution("\(name).conv2", outputs: outputs, taps: 3, gamma: 0)
        let way = last
        if stride == 2 || inputs != outputs {
          (last, channels) = (start, inputs)
          try addConvolution("\(name).shortcut", outputs: outputs, taps: 1, stride: stride)
        } else {
          last = start
        }
        addSum(name: "\(name).sum", with: way)
        addRectifier(name)
      }
    }
  }

  fileprivate mutating func addMobile(size: PixelSize, width: Int, depth: Int) throws(LayerError) {
    try addStem(size: size, width: width)
    for stage in 0..<3 {
      for block in 0..<depth {
        let name = "block\(stage + 1).\(block + 1)"
        let outputs = width << stage
        let stride = stage > 0 && block == 0 ? 2 : 1
        let (start, inputs) = (last, channels)
        try addConvolution("\(name).expand", outputs: 4 * inputs, taps: 1)
        addRectifier("\(name).relu1")
        try addConvolution(
          "\(name).depthwise", outputs: 4 * inputs, taps: 3, stride: stride, isDepthwise: true)
        addRectifier("\(name).relu2")
        let adds = stride == 1 && inputs == outputs
        try addConvolution("\(name).project", outputs: outputs, taps: 1, gamma: adds ? 0 : 1)
        if adds { addSum(name: name, with: start) }
      }
    }
    try addConvolution("last", outputs: 4 * width << 2, taps: 1)
    addRectifier("last.relu")
  }

  /// The first convolution; it halves pictures that are larger than small.
  private mutating func addStem(size: PixelSize, width: Int) throws(LayerError) {
    let isSmall = min(size.width, size.height) < 48
    try addConvolution("stem", outputs: width, taps: 3, stride: isSmall ? 1 : 2)
    addRectifier("stem.relu")
  }
}
