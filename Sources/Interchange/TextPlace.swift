/// A place in a text: line and column, both from 1. A column is a Unicode scalar, whatever its
/// width.
package struct TextPlace: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var line: Int
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// The first character.
    package static let start = TextPlace(line: 1, column: 1)

    package static func < (left: TextPlace, right: TextPlace) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }

    package var description: String { "line \(line), column \(column)" }
}

/// What is wrong in a file that is read, and where.
package struct TextProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// Whether the text or the reading of it failed.
    package enum Kind: Sendable {
        /// The text is not what it should be.
        case malformed
        /// The source could not be read.
        case unreadable
    }

    package var kind: Kind
    package var place: TextPlace
    package var message: String

    package init(_ place: TextPlace, _ message: String, kind: Kind = .malformed) {
        self.kind = kind
        self.place = place
        self.message = message
    }

    package var description: String { "\(place): \(message)" }
}
