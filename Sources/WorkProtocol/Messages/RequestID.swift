/// What makes a retry harmless: the client's session and a number within it.
///
/// The session is 16 bytes: 48 bits of its creation time in milliseconds (by the server's clock, as
/// `HelloOk` told it), big-endian, then 80 random bits.
package struct RequestID: Hashable, Sendable {
    package var high: UInt64
    package var low: UInt64
    package var sequence: UInt64
    /// The client has the answers to all sequences below this one.
    package var acknowledged: UInt64
    /// Execute it only if this sequence of the session was executed in the same workspace, and its
    /// outcome is kept; 0: whatever was. No part of the request's name: a retry may tell another.
    package var after: UInt64 = 0

    package init(high: UInt64, low: UInt64, sequence: UInt64, acknowledged: UInt64 = 0) {
        self.high = high
        self.low = low
        self.sequence = sequence
        self.acknowledged = acknowledged
    }

    /// When the session was made, milliseconds since 1970.
    package var created: Int64 { Int64(high >> 16) }

    /// The latest time of a session: 48 bits.
    package static let timeMax: Int64 = 0xFFFF_FFFF_FFFF

    /// A session made at `time` with 80 random bits.
    package init(time: Int64, random: (UInt16, UInt64), sequence: UInt64) {
        let milliseconds = UInt64(clamping: min(time, Self.timeMax))
        self.init(high: milliseconds << 16 | UInt64(random.0), low: random.1, sequence: sequence)
    }
}
