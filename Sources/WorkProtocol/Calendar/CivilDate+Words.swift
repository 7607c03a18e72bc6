/// Dates as people type them.
extension CivilDate {
    /// The day that `words` name, seen from `today`.
    ///
    /// Understood, whatever the case: `today`, `tomorrow`, `yesterday`, `2026-12-01`, `friday` and
    /// `fri` (the next one; today counts as a week away), `next friday` (that of next week),
    /// `next week` and `next month`, `in 3 days|weeks|months|years`, `3 days ago`, `+3d`, `27 nov`,
    /// `nov 27`, `27 november 2027` (without a year: the next such day). Nil for anything else.
    package init?(words: some StringProtocol, today: CivilDate) {
        let parts = words.lowercased().split(whereSeparator: { $0 == " " || $0 == "\t" })
        guard let found = CivilDate.day(parts.map(String.init), today) else { return nil }
        self = found
    }

    private static func day(_ words: [String], _ today: CivilDate) -> CivilDate? {
        switch words.count {
        case 1: one(words[0], today)
        case 2: two(words[0], words[1], today)
        case 3: three(words[0], words[1], words[2], today)
        default: nil
        }
    }

    private static func one(_ word: String, _ today: CivilDate) -> CivilDate? {
        switch word {
        case "today": return today
        case "tomorrow": return today.advanced(by: 1)
        case "yesterday": return today.advanced(by: -1)
        default: break
        }
        if let weekday = weekday(named: word) { return today.next(weekday) }
        if word.first == "+", let unit = word.last, let count = Int(word.dropFirst().dropLast()) {
            return today.later(count, unit: String(unit))
        }
        return CivilDate(word)
    }

    private static func two(_ first: String, _ second: String, _ today: CivilDate) -> CivilDate? {
        if first == "next" {
            if let weekday = weekday(named: second) {
                let monday = today.advanced(by: 7 - today.weekday.rawValue)
                return monday?.advanced(by: weekday.rawValue)
            }
            return today.later(1, unit: second)
        }
        guard let (month, day) = monthAndDay(first, second) else { return nil }
        let year = today.components.year
        // Not every year has a 29 February: four are enough but around 1900, 2100 …, where it is
        // eight.
        for candidate in year...year + 8 {
            if let date = CivilDate(year: candidate, month: month, day: day), date >= today {
                return date
            }
        }
        return nil
    }

    private static func three(
        _ first: String, _ second: String, _ third: String, _ today: CivilDate
    ) -> CivilDate? {
        if first == "in", let count = count(second) { return today.later(count, unit: third) }
        if third == "ago", let count = count(first) { return today.later(-count, unit: second) }
        guard let (month, day) = monthAndDay(first, second.trimmingComma()), let year = Int(third)
        else { return nil }
        return CivilDate(year: year, month: month, day: day)
    }

    /// The first such weekday after this day.
    private func next(_ weekday: Weekday) -> CivilDate? {
        let distance = (weekday.rawValue - self.weekday.rawValue).flooredRemainder(7)
        return advanced(by: distance == 0 ? 7 : distance)
    }

    /// So many days, weeks, months or years later; a day the month does not have is its last.
    private func later(_ count: Int, unit: String) -> CivilDate? {
        guard count.magnitude <= 1_000_000 else { return nil }
        switch unit {
        case "d", "day", "days": return advanced(by: count)
        case "w", "week", "weeks": return advanced(by: count * 7)
        case "m", "month", "months": return later(months: count)
        case "y", "year", "years": return later(months: count * 12)
        default: return nil
        }
    }

    private func later(months: Int) -> CivilDate? {
        let (year, month, day) = components
        let total = year * 12 + month - 1 + months
        let newYear = total.flooredQuotient(12)
        let newMonth = total.flooredRemainder(12) + 1
        guard newYear >= 1, newYear <= 9999 else { return nil }
        let last = CivilDate.daysIn(month: newMonth, year: newYear)
        return CivilDate(year: newYear, month: newMonth, day: min(day, last))
    }

    /// A number, or `a`, `an`, `one`.
    private static func count(_ word: String) -> Int? {
        if word == "a" || word == "an" || word == "one" { return 1 }
        guard let count = Int(word), count >= 0, count <= 1_000_000 else { return nil }
        return count
    }

    private static func weekday(named word: String) -> Weekday? {
        guard word.utf8.count >= 3 else { return nil }
        return Weekday.allCases.first { $0.name.lowercased().hasPrefix(word) }
    }

    private static func monthAndDay(_ first: String, _ second: String) -> (Int, Int)? {
        for (name, number) in [(first, second), (second, first)] where name.utf8.count >= 3 {
            let index = monthNames.firstIndex { $0.lowercased().hasPrefix(name) }
            if let index, let day = Int(number), day >= 1, day <= 31 { return (index + 1, day) }
        }
        return nil
    }
}

extension String {
    /// Without a comma at the end.
    fileprivate func trimmingComma() -> String { last == "," ? String(dropLast()) : self }
}
