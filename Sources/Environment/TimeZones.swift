/// The rules of the world's time zones, by their IANA names (`Europe/Berlin`).
///
/// They change a few times a year with political decisions, so an answer is for the moment: what
/// must not change later is written into a record by the one who asked.
package protocol TimeZones: AnyObject, Sendable {
    /// How many seconds local time in `zone` is ahead of UTC at `ms` milliseconds since 1970;
    /// nil when no such zone is known.
    func offset(at ms: WallTime, in zone: String) -> Int?
}

extension TimeZones {
    /// The day it is in `zone` (empty: UTC) at `ms` milliseconds since 1970, in days since
    /// 1970-01-01; nil when no such zone is known.
    package func localDay(of ms: WallTime, in zone: String) -> Int64? {
        guard let offset = zone.isEmpty ? 0 : offset(at: ms, in: zone) else { return nil }
        let (local, overflow) = ms.addingReportingOverflow(Int64(offset) &* 1_000)
        guard !overflow else { return nil }
        let day: Int64 = 86_400_000
        let (quotient, remainder) = local.quotientAndRemainder(dividingBy: day)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
