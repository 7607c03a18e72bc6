package import ByteCoding

extension CivilDate {
    /// Appends `2026-11-27`.
    package func write(to writer: inout ByteWriter) {
        let (year, month, day) = components
        writer.append(digits: UInt64(year), width: 4)
        writer.append(0x2D)
        writer.append(digits: UInt64(month), width: 2)
        writer.append(0x2D)
        writer.append(digits: UInt64(day), width: 2)
    }
}

extension Timestamp {
    /// Appends `2022-03-31T15:58:56.586Z`; a moment outside of the years 1 to 9999 is the nearest
    /// inside.
    package static func write(_ milliseconds: Int64, to writer: inout ByteWriter) {
        let (date, rest) = parts(milliseconds)
        date.write(to: &writer)
        writer.append(0x54)
        writer.append(digits: rest / 3_600_000, width: 2)
        writer.append(0x3A)
        writer.append(digits: rest / 60_000 % 60, width: 2)
        writer.append(0x3A)
        writer.append(digits: rest / 1000 % 60, width: 2)
        writer.append(0x2E)
        writer.append(digits: rest % 1000, width: 3)
        writer.append(0x5A)
    }

    /// The day of a moment, or of the nearest inside of the years 1 to 9999, and the milliseconds
    /// since its beginning.
    private static func parts(_ milliseconds: Int64) -> (CivilDate, UInt64) {
        let low = Int64(CivilDate.daysMin) * CivilDate.millisecondsPerDay
        let high = (Int64(CivilDate.daysMax) + 1) * CivilDate.millisecondsPerDay - 1
        let clamped = min(max(milliseconds, low), high)
        guard let date = CivilDate(milliseconds: clamped) else {
            preconditionFailure("a clamped moment has a date")
        }
        return (date, UInt64(clamped - date.milliseconds))
    }
}
