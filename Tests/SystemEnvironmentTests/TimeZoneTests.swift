import Environment
import Foundation
import SystemEnvironment
import Testing

@Suite struct TimeZoneTests {
    let zones = SystemTimeZones()
    static let isThere = FileManager.default.fileExists(
        atPath: "/usr/share/zoneinfo/Europe/Berlin")
    static let absence: Comment = "this machine has no tzdata"

    /// Seconds since 1970, zone, seconds ahead of UTC: made with Python's `zoneinfo`.
    static let instants: [(Int64, String, Int)] = [
        (0, "UTC", 0),
        (0, "Europe/Berlin", 3_600),
        // Both sides of changes, in the tables and by the rule far in the future.
        (1_774_745_999, "Europe/Berlin", 3_600), (1_774_746_000, "Europe/Berlin", 7_200),
        (1_792_889_999, "Europe/Berlin", 7_200), (1_792_890_000, "Europe/Berlin", 3_600),
        (4_109_878_799, "Europe/Berlin", 3_600), (4_109_878_800, "Europe/Berlin", 7_200),
        (1_772_953_199, "America/New_York", -18_000), (1_772_953_200, "America/New_York", -14_400),
        // The south, where daylight time spans the new year.
        (1_767_225_600, "Australia/Sydney", 39_600), (1_783_000_000, "Australia/Sydney", 36_000),
        (4_102_444_800, "Australia/Sydney", 39_600),
        // Half an hour of daylight time, quarters, no daylight time, a rule with names in <>.
        (4_102_444_800, "Australia/Lord_Howe", 39_600),
        (4_118_000_000, "Australia/Lord_Howe", 37_800),
        (1_790_000_000, "Asia/Kathmandu", 20_700), (1_790_000_000, "Asia/Kolkata", 19_800),
        (1_790_000_000, "America/Sao_Paulo", -10_800),
        // Before all tables: local mean time.
        (-5_000_000_000, "Europe/Berlin", 3_208),
        // A day that was not there (Samoa skipped 2011-12-30).
        (1_325_239_199, "Pacific/Apia", -36_000), (1_325_239_200, "Pacific/Apia", 50_400),
        (1_790_000_000, "Etc/GMT+5", -18_000),
    ]

    @Test(.enabled(if: isThere, absence), arguments: instants)
    func `offsets are those of the tables and the rules`(
        _ seconds: Int64, _ zone: String, _ offset: Int
    ) throws {
        #expect(zones.offset(at: seconds * 1_000, in: zone) == offset)
    }

    @Test(.enabled(if: isThere, absence)) func `the day is the local one`() throws {
        // 2026-03-28T23:30Z is the 29th in Berlin and the 28th in New York.
        let moment: WallTime = 1_774_740_600_000
        #expect(zones.localDay(of: moment, in: "UTC") == 20_540)
        #expect(zones.localDay(of: moment, in: "Europe/Berlin") == 20_541)
        #expect(zones.localDay(of: moment, in: "America/New_York") == 20_540)
        #expect(zones.localDay(of: -1, in: "UTC") == -1)
        #expect(zones.localDay(of: .max, in: "UTC") != nil)
    }

    @Test(arguments: [
        "", "Nowhere/Land", "../../etc/passwd", "/etc/passwd", "Europe", "right/UTC", "zone.tab",
        "tzdata.zi", "a\0b", "Europe//Berlin", "posixrules2",
    ])
    func `an unknown zone is nil`(_ zone: String) {
        #expect(zones.offset(at: 0, in: zone) == nil)
    }

    @Test(.enabled(if: isThere, absence))
    func `damaged files are no zones and trap nothing`() throws {
        let folder = try TestFolder()
        let good = [UInt8](try Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/Europe/Berlin")))
        for length in stride(from: 0, to: good.count, by: 7) {
            try Data(good[..<length]).write(to: URL(filePath: folder.path("Z")))
            #expect(SystemTimeZones(folder: folder.path).offset(at: 0, in: "Z") == nil)
        }
        let moments: [WallTime] = [.min, -1, 0, 1_790_000_000_000, 4_102_444_800_000, .max]
        for place in good.indices {
            var damaged = good
            damaged[place] ^= 0xff
            try Data(damaged).write(to: URL(filePath: folder.path("Z")))
            let zones = SystemTimeZones(folder: folder.path)
            for moment in moments { _ = zones.offset(at: moment, in: "Z") }
        }
    }
}
