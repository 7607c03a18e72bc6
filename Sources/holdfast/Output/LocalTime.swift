internal import Environment
internal import SystemEnvironment
internal import WorkProtocol

/// What time it is for the person at the keyboard.
struct LocalTime {
    let zone: String
    private let zones: SystemTimeZones
    private let now: WallTime

    /// - Parameter zone: an IANA zone; where it is empty or not known, the machine's.
    init(zone: String, now: WallTime) {
        let zones = SystemTimeZones()
        let candidates = [zone, LocalTime.machineZone, "UTC"]
        self.zone = candidates.first { zones.offset(at: now, in: $0) != nil } ?? "UTC"
        self.zones = zones
        self.now = now
    }

    /// The machine's zone: `TZ`, or what `/etc/localtime` points to.
    private static var machineZone: String {
        if let named = Variables["TZ"] {
            return named.hasPrefix(":") ? String(named.dropFirst()) : named
        }
        guard let path = Program.link("/etc/localtime"),
            let range = path.firstRange(of: "zoneinfo/")
        else { return "UTC" }
        return String(path[range.upperBound...])
    }

    /// The day it is here.
    var today: CivilDate {
        let days = zones.localDay(of: now, in: zone) ?? now / CivilDate.millisecondsPerDay
        guard let today = Int32(exactly: days).flatMap({ CivilDate(days: $0) }) else {
            preconditionFailure("the clock stands outside of the years 1 to 9999")
        }
        return today
    }

    /// `23 Nov 14:05`, in the zone; with the year if it is another one.
    func shown(_ milliseconds: Int64) -> String {
        let offset = Int64(zones.offset(at: milliseconds, in: zone) ?? 0) * 1_000
        let local = Timestamp.text(milliseconds &+ offset)
        guard let date = CivilDate(local.prefix(10)) else { return local }
        let clock = local.dropFirst(11).prefix(5)
        return "\(date.shown(today: today)) \(clock)"
    }

    /// The day that `words` name.
    func day(_ words: String, _ option: String) throws -> Int32 {
        guard let date = CivilDate(words: words, today: today) else {
            throw Complaint(
                .usage, "\(option): “\(words)” is not a day",
                help: "friday, tomorrow, 2026-12-01, in 3 days, 27 nov")
        }
        return date.days
    }
}
