internal import ByteCoding

/// A day of the Gregorian calendar, without a time or a zone: what `due_on` and `start_on` hold.
///
/// Years 1 to 9999. In the schema it is its number of days since 1970-01-01, which is also how it
/// compares. The conversions are Howard Hinnant's `days_from_civil` and `civil_from_days`, over
/// eras of 400 years (146,097 days) that begin on 1 March.
package struct CivilDate: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Days since 1970-01-01. Invariant: `daysMin <= days <= daysMax`.
    package let days: Int32

    /// 0001-01-01.
    package static let daysMin: Int32 = -719_162
    /// 9999-12-31.
    package static let daysMax: Int32 = 2_932_896

    /// The day that is so many days after 1970-01-01; nil outside of the years 1 to 9999.
    package init?(days: Int32) {
        guard days >= CivilDate.daysMin, days <= CivilDate.daysMax else { return nil }
        self.days = days
    }

    /// The day of a calendar date; nil if there is no such date.
    package init?(year: Int, month: Int, day: Int) {
        guard year >= 1, year <= 9999, month >= 1, month <= 12, day >= 1,
            day <= CivilDate.daysIn(month: month, year: year)
        else { return nil }
        let shifted = month > 2 ? year : year - 1
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        days = Int32(era * 146_097 + dayOfEra - 719_468)
    }

    /// The day that holds the moment `milliseconds` after 1970-01-01T00:00Z, in UTC; nil outside of
    /// the years 1 to 9999.
    package init?(milliseconds: Int64) {
        guard let days = Int32(exactly: milliseconds.flooredQuotient(Self.millisecondsPerDay))
        else {
            return nil
        }
        self.init(days: days)
    }

    /// The date that `text` spells as `YYYY-MM-DD`; nil for anything else.
    package init?(_ text: some StringProtocol) {
        var digits = DigitScanner(text.utf8)
        guard let year = digits.number(4), digits.pass(0x2D), let month = digits.number(2),
            digits.pass(0x2D), let day = digits.number(2), digits.isAtEnd
        else { return nil }
        self.init(year: year, month: month, day: day)
    }

    /// Milliseconds in a day; days have no leap seconds here.
    package static let millisecondsPerDay: Int64 = 86_400_000

    /// The first moment of the day in UTC, milliseconds since 1970.
    package var milliseconds: Int64 { Int64(days) * CivilDate.millisecondsPerDay }

    /// Year, month (1 to 12) and day of the month (1 to 31).
    package var components: (year: Int, month: Int, day: Int) {
        let shifted = Int(days) + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// The day of the week.
    package var weekday: Weekday {
        // 1970-01-01 was a Thursday.
        let index = (Int(days) + 3).flooredRemainder(7)
        return Weekday(rawValue: index) ?? .monday
    }

    /// The day `count` days later (earlier if negative); nil outside of the years 1 to 9999.
    package func advanced(by count: Int) -> CivilDate? {
        guard let count = Int32(exactly: count) else { return nil }
        let (sum, overflow) = days.addingReportingOverflow(count)
        return overflow ? nil : CivilDate(days: sum)
    }

    /// `2026-11-27`.
    package var description: String {
        var writer = ByteWriter(capacity: 16)
        write(to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// `Fri 27 Nov`, and `Fri 27 Nov 2026` where the year is not that of `today`.
    package func shown(today: CivilDate? = nil) -> String {
        let (year, month, day) = components
        let short = "\(weekday.abbreviation) \(day) \(CivilDate.monthNames[month - 1].prefix(3))"
        guard let today, today.components.year != year else { return short }
        return "\(short) \(year)"
    }

    package static func < (left: CivilDate, right: CivilDate) -> Bool { left.days < right.days }

    /// How many days a month (1 to 12) has.
    static func daysIn(month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    static let monthNames = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ]
}

/// A day of the week; weeks begin on Monday.
package enum Weekday: Int, Sendable, CaseIterable {
    case monday, tuesday, wednesday, thursday, friday, saturday, sunday

    /// `Friday`.
    package var name: String {
        switch self {
        case .monday: "Monday"
        case .tuesday: "Tuesday"
        case .wednesday: "Wednesday"
        case .thursday: "Thursday"
        case .friday: "Friday"
        case .saturday: "Saturday"
        case .sunday: "Sunday"
        }
    }

    /// `Fri`.
    package var abbreviation: String { String(name.prefix(3)) }
}

extension FixedWidthInteger where Self: SignedInteger {
    /// The quotient rounded towards negative infinity. Precondition: `divisor > 0`.
    func flooredQuotient(_ divisor: Self) -> Self {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// The remainder that goes with `flooredQuotient`: 0 to `divisor - 1`.
    func flooredRemainder(_ divisor: Self) -> Self {
        let remainder = self % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }
}
