import Testing
import WorkProtocol

@Suite struct CalendarTests {
    // The calendar repeats after 400 years.
    @Test(arguments: [1, 1600, 9600])
    func `every day converts both ways`(_ first: Int) throws {
        var (year, month, day) = (first, 1, 1)
        let start = try #require(CivilDate(year: first, month: 1, day: 1))
        let end = CivilDate(year: first + 400, month: 1, day: 1)?.days ?? CivilDate.daysMax + 1
        var weekday = 0  // 0001-01-01 was a Monday, and 400 years are whole weeks.
        if first == 1600 { weekday = 5 }
        if first == 9600 { weekday = 5 }
        for days in start.days..<end {
            let date = try #require(CivilDate(days: days))
            let parts = date.components
            guard parts == (year, month, day), date.weekday.rawValue == weekday,
                CivilDate(year: year, month: month, day: day) == date
            else {
                Issue.record("day \(days): \(parts), expected \(year)-\(month)-\(day)")
                return
            }
            day += 1
            weekday = (weekday + 1) % 7
            if CivilDate(year: year, month: month, day: day) == nil {
                (month, day) = (month + 1, 1)
            }
            if month == 13 { (year, month) = (year + 1, 1) }
        }
    }

    @Test func `the years are 1 to 9999`() {
        #expect(CivilDate(days: CivilDate.daysMin)?.description == "0001-01-01")
        #expect(CivilDate(days: CivilDate.daysMax)?.description == "9999-12-31")
        #expect(CivilDate(days: CivilDate.daysMin - 1) == nil)
        #expect(CivilDate(days: CivilDate.daysMax + 1) == nil)
        #expect(CivilDate(days: .min) == nil)
        #expect(CivilDate(milliseconds: .max) == nil)
    }

    @Test(arguments: [
        ("1970-01-01", 0), ("2024-02-29", 19782), ("0001-01-01", -719_162),
        ("9999-12-31", 2_932_896),
    ])
    func `a date reads and prints`(_ text: String, _ days: Int32) throws {
        let date = try #require(CivilDate(text))
        #expect(date.days == days)
        #expect(date.description == text)
    }

    @Test(arguments: [
        "", "2023-02-29", "2024-13-01", "2024-00-01", "2024-01-32", "24-01-01", "2024-1-1",
        "2024-01-01 ", "0000-01-01", "10000-01-01", "2024/01/01", "２０２４-01-01",
    ])
    func `what is no date is refused`(_ text: String) {
        #expect(CivilDate(text) == nil)
    }

    @Test(arguments: [
        ("2022-03-31T15:58:56.586Z", 1_648_742_336_586),
        ("2014-04-17T18:38:34Z", 1_397_759_914_000),
        ("2014-03-31T15:17:01.210467+00:00", 1_396_279_021_210),
        ("2014-03-31T15:17:01.2+02:00", 1_396_271_821_200),
        ("2014-03-31T15:17:01-0130", 1_396_284_421_000),
        ("2014-03-31 15:17", 1_396_279_020_000),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2016-12-31T23:59:60Z", 1_483_228_799_000),
        ("2024-01-01", 1_704_067_200_000),
    ])
    func `a timestamp reads`(_ text: String, _ milliseconds: Int64) {
        #expect(Timestamp.milliseconds(text) == milliseconds)
    }

    @Test(arguments: [
        "2022-03-31T", "2022-03-31T24:00:00Z", "2022-03-31T15:60:00Z", "2022-03-31T15:58:61Z",
        "2022-03-31T15:58:56.Z", "2022-03-31T15:58:56+", "2022-03-31T15:58:56+25:00", "T15:58:56Z",
        "2022-03-31T15:58:56ZZ", "2022-02-30T15:58:56Z",
    ])
    func `what is no timestamp is refused`(_ text: String) {
        #expect(Timestamp.milliseconds(text) == nil)
    }

    @Test(arguments: [0, 1_648_742_336_586, -1, -62_135_596_800_000, 253_402_300_799_999])
    func `a timestamp prints as it reads`(_ milliseconds: Int64) {
        #expect(Timestamp.milliseconds(Timestamp.text(milliseconds)) == milliseconds)
    }

    @Test func `moments out of range print the nearest that can be written`() {
        #expect(Timestamp.text(.min) == "0001-01-01T00:00:00.000Z")
        #expect(Timestamp.text(.max) == "9999-12-31T23:59:59.999Z")
    }

    // Monday 2026-11-23 is today.
    @Test(arguments: [
        ("today", "2026-11-23"), ("Tomorrow", "2026-11-24"), ("yesterday", "2026-11-22"),
        ("friday", "2026-11-27"), ("FRI", "2026-11-27"), ("monday", "2026-11-30"),
        ("next monday", "2026-11-30"), ("next friday", "2026-12-04"), ("2026-12-01", "2026-12-01"),
        ("in 3 days", "2026-11-26"), ("in a week", "2026-11-30"), ("in 2 months", "2027-01-23"),
        ("next week", "2026-11-30"), ("next month", "2026-12-23"), ("+3d", "2026-11-26"),
        ("3 days ago", "2026-11-20"), ("27 nov", "2026-11-27"), ("nov 22", "2027-11-22"),
        ("December 1, 2027", "2027-12-01"), ("29 feb", "2028-02-29"), ("in 1 year", "2027-11-23"),
    ])
    func `dates are understood as people type them`(_ words: String, _ expected: String) throws {
        let today = try #require(CivilDate("2026-11-23"))
        #expect(CivilDate(words: words, today: today)?.description == expected)
    }

    @Test(arguments: [
        "", "someday", "in days", "in 3", "31 feb", "next", "friday friday", "in -3 days",
        "in 99999999999999999999 days", "+d", "32 nov", "fr",
    ])
    func `words that are no date are refused`(_ words: String) throws {
        let today = try #require(CivilDate("2026-11-23"))
        #expect(CivilDate(words: words, today: today) == nil)
    }

    @Test func `a month later ends with the month`() throws {
        let today = try #require(CivilDate("2027-01-31"))
        #expect(CivilDate(words: "next month", today: today)?.description == "2027-02-28")
        #expect(try #require(CivilDate("9999-12-31")).advanced(by: 1) == nil)
    }

    @Test func `a date is shown for people`() throws {
        let date = try #require(CivilDate("2026-11-27"))
        #expect(date.shown() == "Fri 27 Nov")
        #expect(date.shown(today: CivilDate("2026-01-01")) == "Fri 27 Nov")
        #expect(date.shown(today: CivilDate("2027-01-01")) == "Fri 27 Nov 2026")
    }

    @Test(arguments: [
        "0", "-1", "12.50", "0.001", "-0.5", "9223372036854775807", "-9223372036854775808",
        "-0.000000001",
    ])
    func `a decimal prints as it reads`(_ text: String) throws {
        #expect(try #require(Decimal(text)).text == text)
    }

    @Test(arguments: [
        "", "-", ".5", "5.", "1e3", "1,000", "9223372036854775808", "0.0000000001", " 1", "1 ",
        "--1",
    ])
    func `what is no decimal is refused`(_ text: String) {
        #expect(Decimal(text) == nil)
    }

    @Test(arguments: [
        ("1.005", 2, "1.01"), ("1.004", 2, "1.00"), ("-1.005", 2, "-1.01"), ("1", 2, "1.00"),
        ("12.349", 0, "12"), ("9223372036854775807", 2, "9223372036854775807"),
        ("1.2345", 1, "1.2"),
        ("0.95", 1, "1.0"), ("0.049", 1, "0.0"),
    ])
    func `a decimal prints with the digits of its field`(
        _ text: String, _ precision: UInt32, _ expected: String
    ) throws {
        #expect(try #require(Decimal(text)).text(precision: precision) == expected)
    }
}
