internal import ByteCoding

/// ISO 8601 timestamps: text ⇄ milliseconds since 1970, UTC.
package enum Timestamp {
    /// The moment that `text` spells: `2022-03-31T15:58:56.586Z`.
    ///
    /// The zone may be `Z`, `+hh:mm`, `+hhmm`, `+hh` or missing (UTC); seconds and their fraction
    /// may be missing; digits of the fraction after the third are cut off; a leap second counts as
    /// the one before it. A date alone is its first moment. Nil for anything else.
    package static func milliseconds(_ text: some StringProtocol) -> Int64? {
        if let date = CivilDate(text) { return date.milliseconds }
        var scanner = DigitScanner(text.utf8)
        guard let year = scanner.number(4), scanner.pass(0x2D), let month = scanner.number(2),
            scanner.pass(0x2D), let day = scanner.number(2),
            scanner.pass(0x54) || scanner.pass(0x74) || scanner.pass(0x20),
            let date = CivilDate(year: year, month: month, day: day),
            let time = time(&scanner), let offset = zone(&scanner), scanner.isAtEnd
        else { return nil }
        let moment = date.milliseconds + time - offset
        // A zone may lead out of the years 1 to 9999.
        return CivilDate(milliseconds: moment) == nil ? nil : moment
    }

    /// `2022-03-31T15:58:56.586Z`; a moment outside of the years 1 to 9999 is the nearest inside.
    package static func text(_ milliseconds: Int64) -> String {
        var writer = ByteWriter(capacity: 24)
        write(milliseconds, to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Hours, minutes, seconds and fraction, in milliseconds.
    private static func time(_ scanner: inout DigitScanner) -> Int64? {
        guard let hour = scanner.number(2), hour < 24, scanner.pass(0x3A),
            let minute = scanner.number(2), minute < 60
        else { return nil }
        var milliseconds = (hour * 60 + minute) * 60_000
        if scanner.pass(0x3A) {
            guard let second = scanner.number(2), second <= 60 else { return nil }
            milliseconds += min(second, 59) * 1000
            if scanner.pass(0x2E) || scanner.pass(0x2C) {
                guard let fraction = scanner.digits() else { return nil }
                var scale = 100
                for digit in fraction.prefix(3) {
                    milliseconds += Int(digit - 0x30) * scale
                    scale /= 10
                }
            }
        }
        return Int64(milliseconds)
    }

    /// The zone's distance from UTC in milliseconds; 0 where none is given.
    private static func zone(_ scanner: inout DigitScanner) -> Int64? {
        if scanner.isAtEnd || scanner.pass(0x5A) || scanner.pass(0x7A) { return 0 }
        let isEast = scanner.pass(0x2B)
        guard isEast || scanner.pass(0x2D), let hours = scanner.number(2), hours <= 23 else {
            return nil
        }
        var minutes = hours * 60
        if !scanner.isAtEnd {
            _ = scanner.pass(0x3A)
            guard let rest = scanner.number(2), rest < 60 else { return nil }
            minutes += rest
        }
        return Int64(isEast ? minutes : -minutes) * 60_000
    }
}
