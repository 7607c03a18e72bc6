/// The address of an object: a positive integer below 2^53, printed as a decimal number.
///
/// The high 21 bits are the ordinal of its workspace (0 is the directory); the low 32 bits are the
/// object's number inside the workspace, permuted so that they tell nobody how much was made
/// between two of theirs. Whoever has a gid can route it.
@frozen
package struct Gid: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var rawValue: UInt64

    @inlinable package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    @inlinable
    package init(workspace: UInt32, low: UInt32) {
        rawValue = UInt64(workspace & Gid.workspaceMask) << 32 | UInt64(low)
    }

    /// No object: what an unset field holds.
    @inlinable package static var none: Gid { Gid(0) }

    @usableFromInline static let workspaceMask: UInt32 = (1 << 21) - 1

    /// The largest ordinal of a workspace.
    package static let workspaceMax: UInt32 = workspaceMask

    /// Whether it could name an object at all.
    @inlinable package var isValid: Bool { rawValue != 0 && rawValue < 1 << 53 }

    @inlinable package var workspace: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 32) }
    @inlinable package var low: UInt32 { UInt32(truncatingIfNeeded: rawValue) }

    @inlinable
    package static func < (left: Gid, right: Gid) -> Bool { left.rawValue < right.rawValue }

    package var description: String { String(rawValue) }

    /// The gid that `text` prints; nil if it is none.
    package init?(_ text: some StringProtocol) {
        guard let first = text.utf8.first, first >= 0x31, first <= 0x39,
            let value = UInt64(text), value < 1 << 53
        else { return nil }
        self.init(value)
    }
}
