public import Networks

/// Which class of a picture is to be explained, as users write it.
///
///     predicted      the class with the largest score
///     top:3          the three classes with the largest scores, one map each
///     tabby          a class by name: the whole label or one of its comma-separated synonyms
///     #281           a class by index
///     tabby::#243    why the first rather than the second; `predicted` may stand on either side
///     csv:FILE       a target for each picture, in the columns `path` and `target`
public enum Target: Sendable, Hashable {
  case predicted
  /// The best classes, at least 1.
  case top(Int)
  case one(ClassReference)
  case contrast(fact: ClassReference, foil: ClassReference)
  /// Each picture's target is in this file.
  case table(file: String)

  /// Reads what a user wrote. Throws for text that is none of the forms.
  public init(_ text: String) throws(TargetError) {
    if text.hasPrefix("csv:") {
      guard text.utf8.count > 4 else { throw .malformed(text, "'csv:' lacks the name of a file") }
      self = .table(file: String(text.dropFirst(4)))
    } else if text.hasPrefix("top:") {
      guard let count = Int(text.dropFirst(4)), count >= 1 else {
        throw .malformed(text, "'top:' takes a number of classes, 1 or more")
      }
      self = .top(count)
    } else if let separator = text.firstRange(of: "::") {
      self = .contrast(
        fact: try ClassReference(String(text[..<separator.lowerBound]), in: text),
        foil: try ClassReference(String(text[separator.upperBound...]), in: text))
    } else {
      let reference = try ClassReference(text, in: text)
      self = reference == .predicted ? .predicted : .one(reference)
    }
  }
}

/// A class as users name it.
public enum ClassReference: Sendable, Hashable {
  /// Written `predicted`.
  case predicted
  /// Written `#281`.
  case index(ClassIndex)
  case name(String)

  init(_ text: String, in whole: String) throws(TargetError) {
    let text = text.trimmingBlanks
    if text.isEmpty {
      throw .malformed(whole, "a class is missing")
    } else if text.lowercased() == "predicted" {
      self = .predicted
    } else if text.hasPrefix("#") {
      guard let index = Int(text.dropFirst()), index >= 0 else {
        throw .malformed(whole, "'#' takes the index of a class, 0 or more")
      }
      self = .index(index)
    } else {
      self = .name(text)
    }
  }
}

/// A target whose classes are known to exist: what is left open is only what the network predicts.
public struct ResolvedTarget: Sendable, Hashable {
  fileprivate enum Part: Sendable, Hashable {
    /// The class with the largest score but `n`.
    case ranked(Int)
    case index(ClassIndex)

    func index(in ranking: [ClassIndex]) -> ClassIndex {
      switch self {
      case .ranked(let rank): ranking[rank]
      case .index(let index): index
      }
    }

    var tag: String {
      switch self {
      case .ranked: "predicted"
      case .index(let index): "c\(index)"
      }
    }
  }

  /// One map's worth of a target.
  public struct Aspect: Sendable, Hashable {
    /// Names the aspect in files: nothing for the predicted class alone, `top2` for the second best,
    /// `c281` for class 281, `c281-vs-c243` and `predicted-vs-c243` for contrasts. It does not depend
    /// on the picture, so whether a map is there can be told without asking the network.
    public let tag: String?
    fileprivate let fact: Part
    fileprivate let foil: Part?

    /// The classes for a prediction. Throws where fact and foil turn out to be the same.
    public func classes(
      for prediction: Prediction
    ) throws(TargetError) -> (fact: ClassIndex, foil: ClassIndex?) {
      let ranks = [fact, foil].map { part in
        if case .ranked(let rank) = part { rank } else { 0 }
      }
      let ranking = prediction.ranking(1 + (ranks.max() ?? 0))
      let (fact, foil) = (fact.index(in: ranking), foil?.index(in: ranking))
      guard fact != foil else { throw .sameClass(fact) }
      return (fact, foil)
    }
  }

  public let aspects: [Aspect]
}

extension Target {
  /// Looks the target's names up. Throws for classes that do not exist, names that several classes
  /// share, a class contrasted with itself, and `csv:`, whose lines are resolved one by one.
  public func resolved(
    labels: [String], classCount: Int
  ) throws(TargetError) -> ResolvedTarget {
    switch self {
    case .predicted:
      return ResolvedTarget(aspects: [.init(tag: nil, fact: .ranked(0), foil: nil)])
    case .top(let count):
      guard count <= classCount else {
        throw .outOfRange("'top:\(count)'", classCount: classCount)
      }
      return ResolvedTarget(
        aspects: (0..<count).map { .init(tag: "top\($0 + 1)", fact: .ranked($0), foil: nil) })
    case .one(let reference):
      let fact = try reference.part(labels: labels, classCount: classCount)
      return ResolvedTarget(aspects: [.init(tag: fact.tag, fact: fact, foil: nil)])
    case .contrast(let fact, let foil):
      let fact = try fact.part(labels: labels, classCount: classCount)
      let foil = try foil.part(labels: labels, classCount: classCount)
      guard fact != foil else {
        if case .index(let index) = fact { throw .sameClass(index) }
        throw .malformed("predicted::predicted", "a class cannot be contrasted with itself")
      }
      return ResolvedTarget(
        aspects: [.init(tag: "\(fact.tag)-vs-\(foil.tag)", fact: fact, foil: foil)])
    case .table(let file):
      throw .malformed("csv:\(file)", "a line of a table cannot name a table")
    }
  }
}

extension ClassReference {
  fileprivate func part(
    labels: [String], classCount: Int
  ) throws(TargetError) -> ResolvedTarget.Part {
    switch self {
    case .predicted:
      return .ranked(0)
    case .index(let index):
      guard index < classCount else { throw .outOfRange("'#\(index)'", classCount: classCount) }
      return .index(index)
    case .name(let name):
      return .index(try Self.index(of: name, among: labels))
    }
  }

  /// The one class that goes by the name; nil where none or several do.
  package static func index(ofClass name: String, among labels: [String]) -> ClassIndex? {
    try? index(of: name, among: labels)
  }

  /// The one class that has the name as its whole label or as one of the synonyms in it.
  private static func index(
    of name: String, among labels: [String]
  ) throws(TargetError) -> ClassIndex {
    guard !labels.isEmpty else { throw .noLabels(name) }
    let wanted = name.lowercased()
    let names = labels.map { label in
      [label] + label.split(separator: ",").map { String($0).trimmingBlanks }
    }
    let matches = names.indices.filter { index in
      names[index].contains { $0.lowercased() == wanted }
    }
    guard let first = matches.first else {
      throw .unknown(name, near: NearMatches.of(name, among: Array(Set(names.joined())).sorted()))
    }
    guard matches.count == 1 else {
      throw .ambiguous(name, matches.map { "#\($0) (\(labels[$0]))" })
    }
    return first
  }
}

/// Why a target cannot be used.
public enum TargetError: Error, Sendable, Equatable, CustomStringConvertible {
  case malformed(String, String)
  case unknown(String, near: [String])
  case ambiguous(String, [String])
  case outOfRange(String, classCount: Int)
  case noLabels(String)
  case sameClass(ClassIndex)

  public var description: String {
    switch self {
    case .malformed(let text, let reason):
      return "target '\(text)': \(reason); "
        + "expected predicted, top:N, NAME, #INDEX, NAME::NAME or csv:FILE"
    case .unknown(let name, let near):
      let hint =
        Int(name) != nil
        ? "write '#\(name)' for a class's index"
        : near.isEmpty
          ? "the labels list every name; '#INDEX' works without one"
          : "did you mean \(near.map { "'\($0)'" }.joined(separator: ", "))?"
      return "no class is called '\(name)'; \(hint)"
    case .ambiguous(let name, let matches):
      return "several classes are called '\(name)': \(matches.joined(separator: ", ")); "
        + "choose one by '#INDEX'"
    case .outOfRange(let text, let count):
      return "\(text) is beyond the network's \(count) classes, 0 to \(count - 1)"
    case .noLabels(let name):
      return "class '\(name)' cannot be found since the network's classes have no names; "
        + "give them by --labels FILE, or write '#INDEX'"
    case .sameClass(let index):
      return "fact and foil are both class \(index), so there is nothing to contrast"
    }
  }
}

extension String {
  /// Without spaces and tabs at either end.
  fileprivate var trimmingBlanks: String {
    let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    return String(drop(while: isBlank).reversed().drop(while: isBlank).reversed())
  }
}
