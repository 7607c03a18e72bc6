/// The names in the archive: `<cluster>/<history>/snap/<point>/<file>` and
/// `<cluster>/<history>/wal/<first>-<last>-<epoch>.wal.lz4`, LSNs as 16 hexadecimal digits, so that
/// names sort as the log does. The epoch is that of the file's last record: two primaries that ship
/// at the same time cannot use one name for different records.
package struct ArchivePrefix: Equatable, Sendable {
    package var cluster: Identity
    package var history: Identity

    package init(cluster: Identity, history: Identity) {
        self.cluster = cluster
        self.history = history
    }

    /// What every name of this history begins with, the slash included.
    package var text: String { "\(cluster)/\(history)/" }

    package func snapshot(_ point: LSN, file: String) -> String {
        "\(text)snap/\(SegmentName.hexadecimal(point.rawValue))/\(file)"
    }

    package func log(_ stretch: ArchivedLog) -> String {
        let first = SegmentName.hexadecimal(stretch.first.rawValue)
        let last = SegmentName.hexadecimal(stretch.last.rawValue)
        let epoch = stretch.epoch
        return "\(text)wal/\(first)-\(last)-\(epoch.version).\(epoch.boot).wal.lz4"
    }

    /// A hint only: the newest snapshot's point. It may be missing or old; listing is the truth.
    package var latest: String { "\(text)LATEST" }
}

/// A stretch of the log that is one file in the archive.
package struct ArchivedLog: Equatable, Sendable {
    package var first: LSN
    package var last: LSN
    package var epoch: Epoch

    package init(first: LSN, last: LSN, epoch: Epoch) {
        self.first = first
        self.last = last
        self.epoch = epoch
    }
}

/// What a listing of one history of the archive shows, by the names alone.
package struct ArchiveContents: Equatable, Sendable {
    package let prefix: ArchivePrefix
    /// The stretches of the log, sorted by first and last record.
    package private(set) var logs: [ArchivedLog] = []
    /// The files of each snapshot that is there, sorted by point; whole if `manifest` is among
    /// them.
    package private(set) var snapshots: [(point: LSN, files: [String])] = []

    /// - Parameter names: as `Archive.list(prefix.text)` gives them. Names of other kinds are
    ///   ignored.
    package init(_ prefix: ArchivePrefix, names: [String]) {
        self.prefix = prefix
        for name in names.sorted() where name.hasPrefix(prefix.text) {
            let parts = name.dropFirst(prefix.text.count).split(separator: "/")
            if parts.count == 2, parts[0] == "wal", let log = Self.log(parts[1]) {
                logs.append(log)
            } else if parts.count == 3, parts[0] == "snap",
                let point = SegmentName.parse(hexadecimal: parts[1])
            {
                note(LSN(point), file: String(parts[2]))
            }
        }
        logs.sort { ($0.first, $0.last, $0.epoch) < ($1.first, $1.last, $1.epoch) }
    }

    private mutating func note(_ point: LSN, file: String) {
        if snapshots.last?.point != point { snapshots.append((point, [])) }
        snapshots[snapshots.count - 1].files.append(file)
    }

    private static func log(_ name: Substring) -> ArchivedLog? {
        guard name.hasSuffix(".wal.lz4") else { return nil }
        let parts = name.dropLast(8).split(separator: "-")
        guard parts.count == 3, let first = SegmentName.parse(hexadecimal: parts[0]),
            let last = SegmentName.parse(hexadecimal: parts[1]), first > 0, last >= first
        else { return nil }
        let epoch = parts[2].split(separator: ".")
        guard epoch.count == 2, let version = UInt64(epoch[0]), let boot = UInt32(epoch[1]) else {
            return nil
        }
        return ArchivedLog(
            first: LSN(first), last: LSN(last), epoch: Epoch(version: version, boot: boot))
    }

    /// The points of the snapshots whose manifest is there, newest first.
    package var points: [LSN] {
        snapshots.filter { $0.files.contains(Manifest.fileName) }.map(\.point).reversed()
    }

    /// How far the log is there without a gap from the record after `start`; `start` if that is
    /// missing itself.
    package func contiguous(after start: LSN) -> LSN {
        var end = start
        for log in logs where log.first <= end.next { end = max(end, log.last) }
        return end
    }

    package static func == (left: ArchiveContents, right: ArchiveContents) -> Bool {
        left.prefix == right.prefix && left.logs == right.logs
            && left.snapshots.elementsEqual(right.snapshots) { $0 == $1 }
    }
}
