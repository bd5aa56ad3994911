import ArgumentParser
import Jobs
import Samples
import Synchronization

/// Draws pictures of which everything is known.
struct SamplesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "samples",
    abstract: "Draws pictures of which it is known what they show and where.",
    discussion: """
      Examples:
        tidemark samples --out Outputs/world --count 4000 --seed 1
        tidemark samples --out Outputs/trap --count 4000 --seed 1 --shortcut 0.95

      Each picture shows one thing of a class, with other things around: \
      \(SampleClass.allCases.map(\.rawValue).joined(separator: ", ")). It takes 5 to 25 % of the \
      picture, stands anywhere, and may be partly hidden. Each ten pictures show each class once.

      The output folder holds pictures/<class>/, PNG and JPEG mixed, masks/<class>/, which are white \
      where the thing is seen, and annotations.json with classes, boxes and masks. Train on \
      pictures/; 'tidemark render' passes over the masks.

      Picture 17 of a seed is the same whatever the count, the number of threads and the machine; it \
      depends on --seed, --size and --shortcut only.
      """)

  @Option(
    name: [.customLong("out")],
    help: ArgumentHelp("The output folder, which is to be new or empty.", valueName: "folder"))
  var output: String

  @Option(help: ArgumentHelp("How many pictures.", valueName: "number"))
  var count: Int

  @Option(help: ArgumentHelp("Where random numbers start.", valueName: "number"))
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "Width and height of the pictures, \(SampleWorld.sides.lowerBound) to "
        + "\(SampleWorld.sides.upperBound) pixels.", valueName: "pixels"))
  var size = 96

  @Option(
    help: ArgumentHelp(
      "Puts a small tag into each picture, a sign for a class: that of the picture's with this "
        + "probability, otherwise another's. A network may learn the tags instead of the things; "
        + "annotations.json tells where they are.", valueName: "probability"))
  var shortcut: Float?

  @OptionGroup var threading: ThreadOption

  func validate() throws {
    func check(_ isRight: Bool, _ text: String) throws {
      guard isRight else { throw ValidationError(text) }
    }
    func text(_ range: ClosedRange<Int>) -> String { "\(range.lowerBound) to \(range.upperBound)" }
    let (counts, sides) = (SampleFolder.counts, SampleWorld.sides)
    try check(!output.isEmpty, "--out: expected a folder, found nothing")
    try check(counts.contains(count), "--count: expected \(text(counts)), found \(count)")
    try check(sides.contains(size), "--size: expected \(text(sides)) pixels, found \(size)")
    if let shortcut {
      try check(
        (0...1).contains(shortcut),
        "--shortcut: expected a probability of 0 to 1, found \(shortcut)")
    }
  }

  func run() throws {
    let world = SampleWorld(seed: seed, side: size, shortcut: shortcut)
    let last = Mutex(0)
    do throws(SampleError) {
      let folder = try SampleFolder(making: output)
      try folder.write(world, count: count, threads: threading.threads, source: source) {
        [count] done in
        guard Console.isWatched else { return }
        // Counts arrive from several threads, not always in order.
        last.withLock { last in
          guard done > last else { return }
          last = done
          Console.writeToError(
            "\r\u{1B}[Kdrawn: \(done) of \(count)\(done == count ? "\n" : "")")
        }
      }
    } catch {
      throw JobError(.environment, error.description)
    }
    print(
      "\(count) \(count == 1 ? "picture" : "pictures"); look at \(output)/pictures, and at "
        + "\(output)/annotations.json for what they show")
  }

  /// The command without what does not matter.
  private var source: String {
    "tidemark samples --count \(count) --seed \(seed) --size \(size)"
      + (shortcut.map { " --shortcut \($0)" } ?? "")
  }
}
