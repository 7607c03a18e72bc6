// The only place where Foundation is met: swift-certificates takes a certificate's times as `Date`,
// and `Date` is FoundationEssentials'. (That library is linked anyway, by swift-crypto.)

internal import Environment

internal import struct FoundationEssentials.Date

/// Times of certificates, between the world's milliseconds and `Date`.
enum ValidityTime {
    static func date(_ time: WallTime) -> Date {
        Date(timeIntervalSince1970: Double(time) / 1_000)
    }

    /// Milliseconds since 1970. Certificates end within the years that a Double counts exactly.
    static func wallTime(_ date: Date) -> WallTime {
        WallTime(exactly: (date.timeIntervalSince1970 * 1_000).rounded()) ?? .max
    }
}
