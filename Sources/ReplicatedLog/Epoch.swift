/// The number of a primaryship: which register version made this node primary, and which start of
/// its process since. Grows at every promotion and at every start as primary (rule R11); it is in
/// every batch and every replication message, and whoever has promised a newer one refuses an
/// older.
@frozen
package struct Epoch: Comparable, Hashable, Sendable, CustomStringConvertible {
    /// The version of the register that named the primary.
    package var version: UInt64
    /// Which start as primary under that version, from 0.
    package var boot: UInt32

    package init(version: UInt64, boot: UInt32) {
        self.version = version
        self.boot = boot
    }

    package static let zero = Epoch(version: 0, boot: 0)

    package static func < (left: Epoch, right: Epoch) -> Bool {
        (left.version, left.boot) < (right.version, right.boot)
    }

    package var description: String { boot == 0 ? "\(version)" : "\(version).\(boot)" }
}

/// 128 random bits that name a cluster, a node or a history.
@frozen
package struct Identity: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package static let none = Identity(high: 0, low: 0)

    package static func < (left: Identity, right: Identity) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    /// 32 lower-case hexadecimal digits in the groups of a UUID.
    package var description: String {
        var text = ""
        for (index, shift) in stride(from: 60, through: 0, by: -4).enumerated() {
            if index == 8 || index == 12 { text += "-" }
            text.append(Self.digits[Int(truncatingIfNeeded: (high >> UInt64(shift)) & 0xF)])
        }
        text += "-"
        for (index, shift) in stride(from: 60, through: 0, by: -4).enumerated() {
            if index == 4 { text += "-" }
            text.append(Self.digits[Int(truncatingIfNeeded: (low >> UInt64(shift)) & 0xF)])
        }
        return text
    }

    private static let digits: [Character] = [
        "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f",
    ]

    /// The identity written as `description` writes it, hyphens optional; nil if it is not one.
    package init?(_ text: String) {
        var value: (high: UInt64, low: UInt64) = (0, 0)
        var count = 0
        for character in text where character != "-" {
            guard let digit = character.hexDigitValue, count < 32 else { return nil }
            if count < 16 {
                value.high = value.high << 4 | UInt64(digit)
            } else {
                value.low = value.low << 4 | UInt64(digit)
            }
            count += 1
        }
        guard count == 32 else { return nil }
        self.init(high: value.high, low: value.low)
    }
}
