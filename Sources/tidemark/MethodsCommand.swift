import ArgumentParser
import Explanations
import Foundation
import Jobs

/// Lists methods and their options.
struct MethodsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "methods",
    abstract: "Lists the methods, or tells everything about one.",
    discussion: """
      Examples:
        tidemark methods
        tidemark methods integrated-gradients
      """)

  @Argument(help: ArgumentHelp("A method to tell everything about.", valueName: "name"))
  var name: String?

  func run() throws {
    guard let name else {
      let names = ExplainerCatalog.all.map(\.about.name)
      let width = names.map(\.count).max() ?? 0
      for entry in ExplainerCatalog.all {
        let padding = String(repeating: " ", count: width - entry.about.name.count)
        print("\(entry.about.name)\(padding)  \(entry.about.summary)")
      }
      return
    }
    guard let entry = ExplainerCatalog.entry(named: name) else {
      // Choosing it by name explains what is wrong with the name.
      _ = try MethodSelection.methods(named: [name], settings: [])
      return
    }
    print(
      """
      \(entry.about.name): \(entry.about.summary)
      Source: \(entry.about.source)
      Needs:  \(entry.needs)
      """)
    let options = entry.defaults.leaves
    guard !options.isEmpty else {
      print("It has no options.")
      return
    }
    print("\nOptions, for --set \(name).KEY=VALUE:")
    for (key, value) in options {
      print("  \(key) = \(value.text)")
      if let meaning = entry.about.parameters[key] { print("      \(meaning)") }
    }
  }
}
