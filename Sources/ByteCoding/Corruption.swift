/// Bytes that are not what they should be: where, what was expected, what was found.
///
/// Thrown by every decoder in the project. Inside a file `file` names it and `offset` counts from
/// its beginning; in memory `file` is empty and `offset` counts from the beginning of the value.
@usableFromInline
package struct Corruption: Error, Hashable, Sendable, CustomStringConvertible {
    package var file: String
    package var offset: Int
    package var expected: String
    package var found: String

    package init(file: String = "", offset: Int, expected: String, found: String) {
        self.file = file
        self.offset = offset
        self.expected = expected
        self.found = found
    }

    /// The same corruption, seen by a caller that knows the file and where in it the value began.
    package func within(file: String, at base: Int) -> Corruption {
        Corruption(file: file, offset: base &+ offset, expected: expected, found: found)
    }

    @usableFromInline package var description: String {
        let place = file.isEmpty ? "byte \(offset)" : "\(file), byte \(offset)"
        return "\(place): expected \(expected), found \(found)"
    }
}
