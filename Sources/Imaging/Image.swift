/// Interleaved pixels, row-major, top-left origin.
///
/// An image is a value: copies are independent. Width and height are at least 1, and the number of
/// samples is always `width · height · channels`.
public struct Image<S: Sample>: Sendable, Equatable {
  /// Width and height.
  public let size: PixelSize
  /// What the samples of a pixel mean.
  public let layout: ChannelLayout
  private var storage: [S]

  /// Traps unless there are `size.area * layout.channels` samples.
  public init(size: PixelSize, layout: ChannelLayout, samples: [S]) {
    precondition(
      samples.count == size.area * layout.channels,
      "a \(size) \(layout) image takes \(size.area * layout.channels) samples, got \(samples.count)"
    )
    self.size = size
    self.layout = layout
    self.storage = samples
  }

  /// An image of one colour, given by one value per channel.
  public init(size: PixelSize, layout: ChannelLayout, filledWith pixel: [S]) {
    precondition(pixel.count == layout.channels, "a \(layout) pixel has \(layout.channels) samples")
    self.init(
      size: size, layout: layout,
      unsafeUninitializedSamples: { buffer in
        for index in buffer.indices {
          buffer.initializeElement(at: index, to: pixel[index % pixel.count])
        }
      })
  }

  /// Fills new storage in place, without clearing it first.
  ///
  /// `fill` must initialise every sample of the buffer it is given.
  public init<E: Error>(
    size: PixelSize, layout: ChannelLayout,
    unsafeUninitializedSamples fill: (UnsafeMutableBufferPointer<S>) throws(E) -> Void
  ) throws(E) {
    let count = size.area * layout.channels
    var failure: E?
    let samples = [S](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(E) {
        try fill(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
        initialized = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    self.init(size: size, layout: layout, samples: samples)
  }

  /// Columns.
  public var width: Int { size.width }

  /// Rows.
  public var height: Int { size.height }

  /// Samples per pixel, 1...4.
  public var channels: Int { layout.channels }

  /// All samples, interleaved.
  public var samples: [S] { storage }

  /// One sample. Traps outside the image.
  public subscript(x: Int, y: Int, channel: Int = 0) -> S {
    get { storage[index(x, y, channel)] }
    set { storage[index(x, y, channel)] = newValue }
  }

  private func index(_ x: Int, _ y: Int, _ channel: Int) -> Int {
    precondition(
      x >= 0 && x < width && y >= 0 && y < height && channel >= 0 && channel < channels,
      "(\(x), \(y)) channel \(channel) lies outside a \(size) image of \(channels) channels")
    return (y * width + x) * channels + channel
  }

  /// Reads the samples in place.
  public func withSamples<R, E: Error>(
    _ body: (UnsafeBufferPointer<S>) throws(E) -> R
  ) throws(E) -> R {
    var result: Result<R, E>?
    storage.withUnsafeBufferPointer { buffer in
      do throws(E) { result = .success(try body(buffer)) } catch { result = .failure(error) }
    }
    // The closure above always runs once.
    return try result.unsafelyUnwrapped.get()
  }

  /// Changes the samples in place.
  public mutating func withMutableSamples<R, E: Error>(
    _ body: (UnsafeMutableBufferPointer<S>) throws(E) -> R
  ) throws(E) -> R {
    var result: Result<R, E>?
    storage.withUnsafeMutableBufferPointer { buffer in
      do throws(E) { result = .success(try body(buffer)) } catch { result = .failure(error) }
    }
    return try result.unsafelyUnwrapped.get()
  }
}

/// Decoded pixels as the user knows them: 8 bits per channel, upright.
public typealias Bitmap = Image<UInt8>
