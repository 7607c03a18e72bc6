/// Log sequence number: a record's place in the one log of a node pair.
///
/// The first record is 1; each record is one more than the one before; a number is never reused
/// within an epoch. `.zero` is the place before the first record.
@frozen
package struct LSN: Comparable, Hashable, Sendable, CustomStringConvertible {
    package var rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package static let zero = LSN(0)

    package static func < (left: LSN, right: LSN) -> Bool { left.rawValue < right.rawValue }

    /// The place after this one. Wraps never: 2^64 records do not happen.
    package var next: LSN { LSN(rawValue &+ 1) }

    /// The place `count` records on.
    package func advanced(by count: Int) -> LSN { LSN(rawValue &+ UInt64(clamping: count)) }

    package var description: String { String(rawValue) }
}
