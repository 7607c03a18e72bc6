package import Environment
internal import Synchronization

/// The machine's time zones, from its TZif files.
///
/// A zone is read when it is first asked for, and kept; the files of a newer tzdata are seen after
/// a restart. Unknown names are not kept, since they come from outside.
package final class SystemTimeZones: TimeZones {
    private let folder: String
    private let zones = Mutex<[String: ZoneFile]>([:])

    /// The largest zone's file has 4 KiB.
    private static let largestFile = 256 << 10

    /// - Parameter folder: Where the files are.
    package init(folder: String = "/usr/share/zoneinfo") {
        self.folder = folder
    }

    package func offset(at ms: WallTime, in zone: String) -> Int? {
        guard let file = file(of: zone) else { return nil }
        let (seconds, rest) = ms.quotientAndRemainder(dividingBy: 1_000)
        return file.offset(at: rest < 0 ? seconds - 1 : seconds)
    }

    private func file(of zone: String) -> ZoneFile? {
        if let known = zones.withLock({ $0[zone] }) { return known }
        guard Self.isName(zone),
            // Whatever is wrong with the file, the zone is not known then.
            let bytes = try? FileText.read("\(folder)/\(zone)", limit: Self.largestFile),
            let file = ZoneFile(bytes)
        else { return nil }
        zones.withLock { $0[zone] = file }
        return file
    }

    /// IANA names have letters, digits, `_`, `+`, `-` and folders. `right/` counts leap seconds,
    /// which our times do not.
    private static func isName(_ zone: String) -> Bool {
        guard (1...64).contains(zone.utf8.count), !zone.hasPrefix("right/") else { return false }
        return zone.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
            !part.isEmpty
                && part.utf8.allSatisfy { byte in
                    (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte)
                        || (0x61...0x7a).contains(byte) || byte == 0x2b || byte == 0x2d
                        || byte == 0x5f
                }
        }
    }
}
