import Imaging
import Rendering

/// What a study of flips shows.
struct FlipFigures {
  let study: FlipStudy

  /// Distance against confidence, wrong predictions apart where they are known; nil without distances.
  var scatter: Bitmap? {
    func dots(_ isRight: Bool?) -> [Point] {
      study.pictures.filter { $0.isRight == isRight }.compactMap { picture in
        picture.distance.map { Point(x: Double(picture.prediction.probability), y: $0) }
      }
    }
    let groups: [(String, [Point], Color)] = [
      ("right", dots(true), Chart.palette[0]), ("wrong", dots(false), Chart.palette[3]),
      (study.detection == nil ? "" : "not known", dots(nil), Color(gray: 120)),
    ]
    let series = groups.filter { !$0.1.isEmpty }.map { ChartSeries.scatter($0, $1, color: $2) }
    guard !series.isEmpty else { return nil }
    return Chart(
      title: "Distance to the nearest other decision, and confidence",
      x: ChartAxis("confidence: probability of the predicted class"),
      y: ChartAxis("distance, pixels 0...1"), series: series
    ).rendered(size: PixelSize(width: 720, height: 480))
  }

  /// Median distances by class and the class that is flipped to; nil beyond 40 classes and for none.
  var matrix: Bitmap? {
    let classes = Set(study.pairs.flatMap { [$0.from.index, $0.to.index] }).sorted()
    guard !classes.isEmpty, classes.count <= 40 else { return nil }
    var names = [String](repeating: "", count: classes.count)
    var values = [[Double?]](
      repeating: [Double?](repeating: nil, count: classes.count), count: classes.count)
    for pair in study.pairs {
      guard let row = classes.firstIndex(of: pair.from.index),
        let column = classes.firstIndex(of: pair.to.index)
      else { continue }
      names[row] = DrawingWords.name(pair.from)
      names[column] = DrawingWords.name(pair.to)
      values[row][column] = pair.medianDistance
    }
    let side = 240 + 52 * classes.count
    return Chart.classPairs(
      values, classes: names, title: "Median distance from the row's class to the column's",
      label: "pixels 0...1"
    ).rendered(size: PixelSize(width: side + 80, height: side))
  }

  /// The pictures nearest to a boundary and those farthest from one; nil without distances.
  func pictures(_ thumbnail: (FlippedPicture) -> Bitmap?) -> Bitmap? {
    let ordered = study.byDistance
    guard !ordered.isEmpty else { return nil }
    let count = min(8, ordered.count)
    var sheet = ContactSheet(
      title: "Least and most robust", columns: [String](repeating: "", count: count),
      rowsPerPage: 3)
    for (label, row) in [
      ("the nearest to another decision", ordered.prefix(count)),
      ("the farthest from one", ArraySlice(ordered.reversed().prefix(count))),
    ] {
      _ = sheet.append(
        ContactSheet.Row(
          label: label,
          cells: row.map { picture in
            thumbnail(picture).map { .picture($0, caption: Self.caption(of: picture)) }
              ?? .failed(reason: "cannot be shown")
          }))
    }
    return sheet.finish()
  }

  private static func caption(of picture: FlippedPicture) -> String {
    let best = DrawingWords.text(
      picture.prediction.classRecord, picture.prediction.probability)
    let mark = picture.isRight == false ? " (wrong)" : ""
    let foil = picture.foil.map { "flips to \(DrawingWords.name($0))" } ?? picture.status
    let distance = picture.distance.map { ", \(DrawingWords.number($0))" } ?? ""
    return "\(picture.path)\n\(best)\(mark)\n\(foil)\(distance)"
  }
}
