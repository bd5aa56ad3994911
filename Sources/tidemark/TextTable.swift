/// Rows of texts under one another.
enum TextTable {
  /// Columns two spaces apart: texts to the left, the last `numbers` ones to the right.
  static func text(_ rows: [[String]], numbers: Int = 0) -> String {
    guard let columns = rows.first?.count else { return "" }
    let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      row.enumerated().map { column, text in
        let padding = String(repeating: " ", count: widths[column] - text.count)
        if column >= columns - numbers { return padding + text }
        return column == columns - 1 ? text : text + padding
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}
