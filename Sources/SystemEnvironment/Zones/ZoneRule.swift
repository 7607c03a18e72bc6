/// What a zone does every year: POSIX's TZ text with the extensions of RFC 9636, such as
/// `CET-1CEST,M3.5.0,M10.5.0/3`.
struct ZoneRule: Equatable {
    /// A day in every year.
    enum Day: Equatable {
        /// 1…365, where 29 February is never counted.
        case julian(Int)
        /// 0…365, where it is.
        case zeroBased(Int)
        /// The weekday (0 is Sunday) of that week of the month; 5 is the last.
        case week(month: Int, week: Int, weekday: Int)
    }

    /// A moment in every year, in seconds after the beginning of the day, by the clock until then.
    struct Change: Equatable {
        var day: Day
        var time: Int
    }

    /// Seconds ahead of UTC.
    var standard: Int
    var daylight: (offset: Int, start: Change, end: Change)?

    static func == (left: ZoneRule, right: ZoneRule) -> Bool {
        left.standard == right.standard && left.daylight?.offset == right.daylight?.offset
            && left.daylight?.start == right.daylight?.start
            && left.daylight?.end == right.daylight?.end
    }

    /// nil for text that is no rule.
    init?(_ text: [UInt8]) {
        var reader = RuleReader(rest: text[...])
        guard reader.skipName(), let west = reader.time(hours: 24) else { return nil }
        standard = -west
        if reader.rest.isEmpty { return }
        guard reader.skipName() else { return nil }
        var offset = standard + 3_600
        if reader.rest.first != RuleReader.comma {
            guard let west = reader.time(hours: 24) else { return nil }
            offset = -west
        }
        guard let start = reader.change(), let end = reader.change(), reader.rest.isEmpty else {
            return nil
        }
        daylight = (offset, start, end)
    }

    /// Seconds ahead of UTC at `seconds` since 1970.
    func offset(at seconds: Int64) -> Int {
        guard let daylight else { return standard }
        // The year by standard time: changes are never within hours of its end.
        let (local, overflow) = seconds.addingReportingOverflow(Int64(standard))
        guard !overflow, abs(local) < 1 << 50 else { return standard }
        let year = Self.year(ofDay: Self.floorDivide(Int(local), 86_400))
        let start = Self.moment(daylight.start, year) - standard
        let end = Self.moment(daylight.end, year) - daylight.offset
        let now = Int(seconds)
        // In the south daylight time spans the new year.
        let isDaylight = start < end ? start <= now && now < end : !(end <= now && now < start)
        return isDaylight ? daylight.offset : standard
    }

    // MARK: Days

    /// The moment of `change` in `year`, in seconds since 1970, as local time.
    private static func moment(_ change: Change, _ year: Int) -> Int {
        let day: Int
        switch change.day {
        case .julian(let number):
            let isAfterFebruary = number >= 60
            day = firstDay(year) + number - 1 + (isLeap(year) && isAfterFebruary ? 1 : 0)
        case .zeroBased(let number):
            day = firstDay(year) + number
        case .week(let month, let week, let weekday):
            let first = firstDay(year) + daysBefore(month, year)
            // 1970-01-01 was a Thursday.
            let firstWeekday = floorModulo(first + 4, 7)
            var found = first + floorModulo(weekday - firstWeekday, 7) + (week - 1) * 7
            let next =
                month == 12 ? firstDay(year + 1) : firstDay(year) + daysBefore(month + 1, year)
            if found >= next { found -= 7 }
            day = found
        }
        return day * 86_400 + change.time
    }

    private static func isLeap(_ year: Int) -> Bool {
        floorModulo(year, 4) == 0 && (floorModulo(year, 100) != 0 || floorModulo(year, 400) == 0)
    }

    /// The days since 1970 of the first of January.
    private static func firstDay(_ year: Int) -> Int {
        let before = year - 1
        return before * 365 + floorDivide(before, 4) - floorDivide(before, 100)
            + floorDivide(before, 400) - 719_162
    }

    private static func daysBefore(_ month: Int, _ year: Int) -> Int {
        let days = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
        return days[month - 1] + (month > 2 && isLeap(year) ? 1 : 0)
    }

    private static func year(ofDay day: Int) -> Int {
        // 146,097 days are 400 years; the guess is at most one off.
        var year = 1970 + floorDivide(day * 400, 146_097)
        while firstDay(year) > day { year -= 1 }
        while firstDay(year + 1) <= day { year += 1 }
        return year
    }

    private static func floorDivide(_ value: Int, _ divisor: Int) -> Int {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }

    private static func floorModulo(_ value: Int, _ divisor: Int) -> Int {
        let remainder = value % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }
}

/// Takes a rule's text apart from its front.
private struct RuleReader {
    static let comma = UInt8(ascii: ",")

    var rest: ArraySlice<UInt8>

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard rest.first == byte else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// `CEST`, or `<+03>`.
    mutating func skipName() -> Bool {
        if skip(UInt8(ascii: "<")) {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
            rest = rest[(end + 1)...]
            return true
        }
        let letters = rest.prefix { byte in
            (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        }
        rest = rest.dropFirst(letters.count)
        return letters.count >= 3
    }

    private mutating func number(_ range: ClosedRange<Int>) -> Int? {
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        guard (1...3).contains(digits.count) else { return nil }
        rest = rest.dropFirst(digits.count)
        let value = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return range.contains(value) ? value : nil
    }

    /// `[+-]h[:m[:s]]`, in seconds.
    mutating func time(hours: Int) -> Int? {
        let isNegative = skip(UInt8(ascii: "-"))
        if !isNegative { _ = skip(UInt8(ascii: "+")) }
        guard let hour = number(0...hours) else { return nil }
        var seconds = hour * 3_600
        for unit in [60, 1] {
            guard skip(UInt8(ascii: ":")) else { break }
            guard let value = number(0...59) else { return nil }
            seconds += value * unit
        }
        return isNegative ? -seconds : seconds
    }

    /// `,M3.5.0/3`, `,J60` or `,59`.
    mutating func change() -> ZoneRule.Change? {
        guard skip(Self.comma), let day = day() else { return nil }
        guard skip(UInt8(ascii: "/")) else { return ZoneRule.Change(day: day, time: 7_200) }
        guard let time = time(hours: 167) else { return nil }
        return ZoneRule.Change(day: day, time: time)
    }

    private mutating func day() -> ZoneRule.Day? {
        if skip(UInt8(ascii: "J")) { return number(1...365).map { .julian($0) } }
        guard skip(UInt8(ascii: "M")) else { return number(0...365).map { .zeroBased($0) } }
        guard let month = number(1...12), skip(UInt8(ascii: ".")), let week = number(1...5),
            skip(UInt8(ascii: ".")), let weekday = number(0...6)
        else { return nil }
        return .week(month: month, week: week, weekday: weekday)
    }
}
