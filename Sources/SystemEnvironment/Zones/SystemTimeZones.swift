package import Environment
internal import Glibc
internal import Synchronization

/// The machine's time zones, from its TZif files.
///
/// A zone is read when it is first asked for, and kept; the files of a newer tzdata are seen after a
/// restart. Unknown names are not kept, since they come from outside.
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
        guard Self.isName(zone), let bytes = Self.read("\(folder)/\(zone)"),
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

    private static func read(_ path: String) -> [UInt8]? {
        guard
            let file = try? Descriptor(
                retrying("open") { unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) })
        else { return nil }
        let number = file.number
        var bytes = [UInt8](repeating: 0, count: largestFile)
        var filled = 0
        while filled < bytes.count {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                return try? retrying("read") {
                    unsafe Glibc.read(number, rest.baseAddress, rest.count)
                }
            }
            guard let got else { return nil }
            if got == 0 { break }
            filled += got
        }
        return Array(bytes[..<filled])
    }
}
