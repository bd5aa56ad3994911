import ArgumentParser
import Jobs

/// What methods that look for another picture must leave as it is.
struct KeepingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Pixels that no counterpart may change: a picture of the pictures' size, white where they are kept, "
        + "or a folder with such a PNG for each picture, by its name. Heeded by methods that look for "
        + "another picture.", valueName: "mask"))
  var keep: String?

  func mask() throws(JobError) -> KeepMask? {
    guard let keep else { return nil }
    return try KeepMask(keep)
  }
}
