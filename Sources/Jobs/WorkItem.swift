/// One picture of a job.
public struct WorkItem: Sendable, Hashable {
  /// What the picture is called in all results: its path below the folder that was given, or the
  /// file's name where a file was given. Unique within a job.
  public let path: String
  /// Where the file is.
  public let file: String

  public init(path: String, file: String) {
    self.path = path
    self.file = file
  }
}
