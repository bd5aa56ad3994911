public import Imaging

/// Pictures with classes, as a folder, a table or a pair of IDX files names them. Nothing is decoded
/// yet.
public struct DataSet: Sendable {
  /// One picture and what it shows.
  public struct Example: Sendable, Equatable {
    /// What tells it from others wherever the data lie: the path below the folder that was given, or
    /// `#17` within a file of many.
    public let name: String
    /// Position among `DataSet.labels`.
    public let label: Int
    /// Where the data say what a picture is for.
    public let part: Part?
  }

  /// What a picture is for.
  public enum Part: String, Sendable {
    case training, validation
  }

  /// Where the pixels are.
  enum Source: Sendable {
    /// Files at these paths, one for each example.
    case files([String])
    /// Pixels as they are, one picture behind the other.
    case stored(IDXFile, height: Int, width: Int, channels: Int)
  }

  /// Names of the classes, at least two.
  public let labels: [String]
  /// At least one of each class.
  public let examples: [Example]
  let source: Source
  /// What a user should know of how the data were read.
  public let notes: [String]

  /// The channels that the pictures are sure to have; nil for files, which differ.
  public var channels: Int? {
    if case .stored(_, _, _, let channels) = source { channels } else { nil }
  }

  /// The size that all pictures are sure to have; nil for files, which differ.
  public var pictureSize: PixelSize? {
    if case .stored(_, let height, let width, _) = source {
      PixelSize(width: width, height: height)
    } else {
      nil
    }
  }

  /// Reads what a path leads to: a folder with a folder of pictures for each class, a table
  /// (`path,label[,split]`), or IDX files of pictures beside one of labels.
  ///
  /// - Parameter labels: names of the classes of IDX files, which have numbers only.
  public static func reading(
    _ path: String, labels: [String]? = nil
  ) throws(TrainingError) -> DataSet {
    switch FileKind(of: path) {
    case nil:
      throw TrainingError(
        .environment,
        "\(path): there is no such file or folder; expected a folder with a folder of pictures for "
          + "each class, a table path,label[,split], or IDX files")
    case .folder:
      let pictures = try idxPictures(in: path)
      if !pictures.isEmpty { return try DataSet(idx: pictures, labels: labels) }
      try refuse(labels, for: path)
      // Annotated pictures have the classes' folders in one, and masks in another.
      let isAnnotated =
        FileKind(of: "\(path)/annotations.json") == .file
        && FileKind(of: "\(path)/pictures") == .folder
      return try DataSet(folder: isAnnotated ? "\(path)/pictures" : path)
    case .file where path.lowercased().hasSuffix(".csv"):
      try refuse(labels, for: path)
      return try DataSet(table: path)
    case .file: return try DataSet(idx: [path], labels: labels)
    case .other:
      throw TrainingError(.environment, "\(path): is neither a file nor a folder")
    }
  }

  private static func refuse(_ labels: [String]?, for path: String) throws(TrainingError) {
    guard labels != nil else { return }
    throw TrainingError(
      .request, "\(path): names its classes itself; --labels is for IDX files, whose have numbers")
  }

  /// Throws unless there are at least two classes.
  init(
    labels: [String], examples: [Example], source: Source, notes: [String] = [], from path: String
  ) throws(TrainingError) {
    guard !examples.isEmpty else {
      throw TrainingError(.environment, "\(path): holds no pictures")
    }
    guard labels.count >= 2 else {
      throw TrainingError(
        .environment,
        "\(path): holds one class only ('\(labels[0])'); a classifier needs two or more")
    }
    self.labels = labels
    self.examples = examples
    self.source = source
    self.notes = notes
  }
}
