public import Imaging
import Tensors

/// What a network's channels mean.
public enum ChannelOrder: String, Sendable, Hashable, Codable, CaseIterable {
  case rgb, bgr, gray

  /// Channels of the network's input, 1 or 3.
  public var channels: Int { self == .gray ? 1 : 3 }
}

/// The arithmetic that a network was trained behind: y = (x · scale − mean) / std for each of its
/// channels, with x in 0...1.
///
/// `Network.reading(_:)` makes it a layer, so that everything else sees pixels in 0...1. As JSON, all
/// keys are optional: `{"order": "bgr", "scale": 255, "mean": [104, 117, 123], "std": [1, 1, 1],
/// "resize": "crop:256:224"}`; those left out leave the pixels as they are.
public struct Preprocessing: Sendable, Hashable {
  /// Order of the network's channels; pixels always come as RGB or gray.
  public let order: ChannelOrder
  public let scale: Float
  /// One value for each channel in the network's order, or one for all.
  public let mean: [Float]
  /// As `mean`; never 0.
  public let std: [Float]
  /// How pictures are brought to the network's size, where the network's maker says so. Nothing here
  /// reads it.
  public let resize: InputGeometry?

  /// Throws unless all numbers are finite, no divisor is 0, and there is one value per channel or one
  /// for all.
  public init(
    order: ChannelOrder = .rgb, scale: Float = 1, mean: [Float] = [0], std: [Float] = [1],
    resize: InputGeometry? = nil
  ) throws(NetworkError) {
    for (name, values) in [("mean", mean), ("std", std)] {
      guard values.count == 1 || values.count == order.channels else {
        throw .preprocessing(
          "\(name) has \(values.count) values; order '\(order)' takes \(order.channels), or one for "
            + "all channels")
      }
      guard values.allSatisfy(\.isFinite) else {
        throw .preprocessing("\(name) \(values) holds what is no number")
      }
    }
    guard !std.contains(0) else { throw .preprocessing("std \(std) would divide by 0") }
    guard scale.isFinite, scale != 0 else {
      throw .preprocessing("a scale of \(scale) is not possible")
    }
    self.init(unchecked: order, scale: scale, mean: mean, std: std, resize: resize)
  }

  private init(
    unchecked order: ChannelOrder, scale: Float, mean: [Float], std: [Float],
    resize: InputGeometry? = nil
  ) {
    self.order = order
    self.scale = scale
    self.mean = mean
    self.std = std
    self.resize = resize
  }

  /// RGB less the mean of ImageNet's colours, over their deviation: PyTorch's usual.
  public static let imagenet = Preprocessing(
    unchecked: .rgb, scale: 1, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225])

  /// BGR 0...255 less the mean of ImageNet's colours.
  public static let caffe = Preprocessing(
    unchecked: .bgr, scale: 255, mean: [104, 117, 123], std: [1, 1, 1])

  /// RGB −1...1: TensorFlow's usual.
  public static let tf = Preprocessing(unchecked: .rgb, scale: 2, mean: [1], std: [1])

  /// Pixels as they are, of whatever channels.
  public static let raw = Preprocessing(unchecked: .rgb, scale: 1, mean: [0], std: [1])

  /// What goes by a name on the command line.
  public static let presets: [(name: String, preprocessing: Preprocessing)] = [
    ("imagenet", .imagenet), ("caffe", .caffe), ("tf", .tf), ("raw", .raw),
  ]

  /// A preset by its name, or nil.
  public init?(preset name: String) {
    guard let match = Self.presets.first(where: { $0.name == name }) else { return nil }
    self = match.preprocessing
  }

  /// Whether it leaves pixels as they are.
  public var isIdentity: Bool {
    order != .bgr && scale == 1 && mean.allSatisfy { $0 == 0 } && std.allSatisfy { $0 == 1 }
  }
}

extension Preprocessing: Codable {
  private enum Key: String, CodingKey, CaseIterable { case order, scale, mean, std, resize }

  /// Any key, so that those without a meaning can be named.
  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Refuses keys that it does not know, besides what `init` refuses.
  public init(from decoder: any Decoder) throws {
    func refusal(_ reason: String) -> DecodingError {
      .dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: reason))
    }
    let found = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue).sorted()
    let known = Key.allCases.map(\.rawValue)
    if let unknown = found.first(where: { !known.contains($0) }) {
      throw refusal("'\(unknown)' means nothing here; there are \(known.joined(separator: ", "))")
    }
    let values = try decoder.container(keyedBy: Key.self)
    func value<T: Decodable>(_ key: Key, default value: T) throws -> T {
      try values.decodeIfPresent(T.self, forKey: key) ?? value
    }
    do {
      try self.init(
        order: try value(.order, default: .rgb), scale: try value(.scale, default: 1),
        mean: try value(.mean, default: [0]), std: try value(.std, default: [1]),
        resize: try values.decodeIfPresent(InputGeometry.self, forKey: .resize))
    } catch let error as NetworkError {
      throw refusal("\(error)")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(order, forKey: .order)
    try values.encode(scale, forKey: .scale)
    try values.encode(mean, forKey: .mean)
    try values.encode(std, forKey: .std)
    try values.encodeIfPresent(resize, forKey: .resize)
  }
}

extension Network {
  /// The same network with its preprocessing as a first layer: the new input, `pixels`, takes values
  /// 0...1 in RGB or gray, and the layer has the old input's name. Preprocessing that changes nothing
  /// adds nothing.
  ///
  /// Throws when the network's channels are not those of the preprocessing.
  public func reading(_ preprocessing: Preprocessing) throws(NetworkError) -> Network {
    let channels = inputShape[0]
    guard channels == 1 || channels == 3 else {
      throw .preprocessing("the network takes \(channels) channels; pictures have 1 or 3")
    }
    if preprocessing.isIdentity { return self }
    guard channels == preprocessing.order.channels else {
      throw .preprocessing(
        "the network takes \(channels == 1 ? "1 channel" : "3 channels"), but the preprocessing is "
          + "for '\(preprocessing.order)'; choose one for \(channels == 1 ? "gray" : "colour")")
    }
    let order = preprocessing.order == .bgr ? [2, 1, 0] : Array(0..<channels)
    // In double precision, so that the rounding is that of the result alone.
    let mean = preprocessing.mean.map(Double.init)
    let std = preprocessing.std.map(Double.init)
    let scale = (0..<channels).map { Double(preprocessing.scale) / std[$0 % std.count] }
    let shift = (0..<channels).map { -mean[$0 % mean.count] / std[$0 % std.count] }
    let layer: ScaleChannels
    do throws(LayerError) {
      layer = try ScaleChannels(
        scale: Tensor(scale.map { Float($0) }, shape: [channels]),
        shift: Tensor(shift.map { Float($0) }, shape: [channels]), order: order)
    } catch {
      throw .preprocessing(error.reason)
    }
    var pixels: LayerName = "pixels"
    while shapes[pixels] != nil { pixels = LayerName("\(pixels)'") }
    return try Network(
      input: pixels, inputShape: inputShape, nodes: [Node(input, layer, of: [pixels])] + nodes,
      logits: logits, labels: labels)
  }
}
