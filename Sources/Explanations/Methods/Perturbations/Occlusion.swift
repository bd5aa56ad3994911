public import Networks
import Tensors

/// How much the score falls when a window of the picture is taken away.
///
/// A square window moves over the picture in steps; inside it a baseline is seen. A position's value is
/// the mean of f(x) − f(x without the window) over the windows that cover it: `[1, H, W]`, signed, in
/// units of the score. Deterministic. A forward pass for each window, and one.
///
/// Zeiler, Fergus: Visualizing and Understanding Convolutional Networks, 2013 (arXiv:1311.2901).
public struct Occlusion: Explainer {
  public static let about = MethodDescription(
    name: "occlusion",
    summary: "Fall of the score when a window of the picture is taken away.",
    source: "Zeiler, Fergus: Visualizing and Understanding Convolutional Networks, 2013 "
      + "(arXiv:1311.2901)",
    parameters: [
      "window": "side of the window in pixels; 0 is a quarter of the input's shorter side",
      "stride": "pixels between windows; 0 is half the window",
      "baseline": "what is seen in the window: \(Baseline.names)",
      "score": "what is explained: logit or probability",
    ])

  public var window = 0
  public var stride = 0
  public var baseline = Baseline.mean
  public var score = Score.logit

  public init() {}

  public func validate() throws(ExplainerError) {
    for (name, value) in [("window", window), ("stride", stride)] where value < 0 {
      throw .invalidParameter(
        method: Self.about.name, parameter: name, reason: "must be 0 or more, found \(value)")
    }
    guard window == 0 || stride <= window else {
      throw .invalidParameter(
        method: Self.about.name, parameter: "stride",
        reason: "must be at most the window's \(window), or positions are left out; found \(stride)"
      )
    }
  }

  public func explain(
    _ question: Question, using model: any Classifier
  ) throws(ExplainerError) -> Explanation {
    let input = question.subject.input
    let (height, width) = (input.shape[2], input.shape[3])
    let side = window > 0 ? window : max(min(height, width) / 4, 1)
    let step = min(stride > 0 ? stride : max(side / 2, 1), side)
    // As many windows as cover everything; the last ones may reach out.
    func starts(_ extent: Int) -> [Int] {
      let count = extent > side ? (extent - side + step - 1) / step + 1 : 1
      return (0..<count).map { $0 * step }
    }
    let (rows, columns) = (starts(height), starts(width))
    let count = rows.count * columns.count
    let most = 1_000_000
    guard count <= most else {
      throw .invalidParameter(
        method: Self.about.name, parameter: "stride",
        reason: "of \(step) gives \(count) windows on \(width)x\(height); at most \(most) are tried"
      )
    }
    func places(_ index: Int) -> (rows: Range<Int>, columns: Range<Int>) {
      let (y, x) = (rows[index / columns.count], columns[index % columns.count])
      return (y..<min(y + side, height), x..<min(x + side, width))
    }
    let obscured = Obscured(
      input: input, baseline: baseline.tensor(for: input, seed: question.subject.seed))
    // The whole picture is the first.
    let scores = model.scores(of: score, for: question, at: 0..<count + 1) { index in
      var mask = [Float](repeating: 1, count: height * width)
      if index > 0 {
        let (rows, columns) = places(index - 1)
        for y in rows { for x in columns { mask[y * width + x] = 0 } }
      }
      return obscured.picture(keeping: mask)
    }
    var sums = [Double](repeating: 0, count: height * width)
    var covers = [Double](repeating: 0, count: height * width)
    for index in 0..<count {
      let fall = scores[0] - scores[index + 1]
      let (rows, columns) = places(index)
      for y in rows {
        for x in columns {
          sums[y * width + x] += fall
          covers[y * width + x] += 1
        }
      }
    }
    return Explanation(
      map: AttributionMap(
        Tensor(zip(sums, covers).map { Float($0 / $1) }, shape: [1, height, width]),
        sign: .signed),
      diagnostics: Diagnostics(
        values: [
          "objective": scores[0], "windows": Double(count), "window": Double(side),
          "stride": Double(step),
        ], forwardPasses: count + 1))
  }
}
