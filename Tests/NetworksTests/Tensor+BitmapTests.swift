import Imaging
import Networks
import Tensors
import Testing

@Suite struct TensorBitmapTests {
  let picture = Bitmap(
    size: PixelSize(width: 2, height: 1), layout: .rgb, samples: [255, 0, 51, 102, 1, 254])

  @Test func `channels come one after the other, values 0 to 1`() {
    let tensor = Tensor(pixels: picture)
    #expect(tensor.shape == [1, 3, 1, 2])
    let levels: [Float] = [255, 102, 0, 1, 51, 254]
    #expect(tensor.scalars == levels.map { $0 / 255 })
  }

  @Test func `every level survives the way to a tensor and back`() {
    let gray = Bitmap(
      size: PixelSize(width: 16, height: 16), layout: .gray, samples: (0...255).map { UInt8($0) })
    #expect(Bitmap(Tensor(pixels: gray)) == gray)
    #expect(Bitmap(Tensor(pixels: picture)) == picture)
  }

  @Test func `values beyond the range saturate, and what is no number is black`() {
    let tensor = Tensor([-1, 2, .infinity, .nan, 0.4999 / 255, 0.5001 / 255], shape: [1, 1, 1, 6])
    #expect(Bitmap(tensor).samples == [0, 255, 255, 0, 0, 1])
  }

  @Test func `a picture with alpha is a mistake`() async {
    await #expect(processExitsWith: .failure) {
      _ = Tensor(
        pixels: Bitmap(size: PixelSize(side: 1), layout: .rgba, samples: [1, 2, 3, 4]))
    }
  }
}
