/// Which dialects of HFP/1 this program speaks, and how two ends agree on one.
package enum ProtocolVersion {
    /// The versions this program speaks, newest first.
    package static let supported: [UInt32] = [1]

    /// The newest version both ends speak; nil if there is none.
    package static func agreed(with offered: [UInt32]) -> UInt32? {
        supported.first { offered.contains($0) }
    }
}

/// What two ends may use once both have said so. Bits keep their meaning for ever.
package struct Features: OptionSet, Hashable, Sendable {
    package var rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Every frame carries a checksum. (TLS protects bytes already.)
    package static let checksums = Features(rawValue: 1)
    /// Payloads may be compressed.
    package static let lz4 = Features(rawValue: 2)

    /// What this program knows.
    package static let known: Features = [.checksums, .lz4]

    /// What both ends may use: nil if the other end requires what is not `allowed` here.
    package static func agreed(
        offered: UInt64, required: UInt64, allowed: Features = .known
    ) -> Features? {
        guard required & ~allowed.rawValue == 0 else { return nil }
        return Features(rawValue: (offered | required) & allowed.rawValue)
    }
}
