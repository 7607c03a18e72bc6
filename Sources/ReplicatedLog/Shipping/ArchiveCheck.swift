package import ByteCoding
package import Environment

/// Why an archive cannot be read, or not restored from.
package enum ArchiveFailure: Error, Equatable, Sendable, CustomStringConvertible {
    case disk(DiskError)
    case corrupt(Corruption)
    /// There is no snapshot from which the wanted point can be reached; what there is instead.
    case notRestorable(String)
    /// The target folder is not empty.
    case notEmpty([String])

    /// Whether it is about one file, so that another snapshot may do.
    var isOfOneFile: Bool {
        switch self {
        case .corrupt: true
        case .disk(let error): error.kind == .missing
        case .notRestorable, .notEmpty: false
        }
    }

    package var description: String {
        switch self {
        case .disk(let error): error.description
        case .corrupt(let corruption): "\(corruption); use another snapshot, or an earlier point"
        case .notRestorable(let reason): reason
        case .notEmpty(let names):
            "the target is not empty (\(names.prefix(3).joined(separator: ", "))): "
                + "name an empty folder"
        }
    }
}

/// A snapshot in an archive, and how far the log there reaches after it.
package struct RestorePoint: Equatable, Sendable {
    package var manifest: Manifest
    /// The last record that can be restored to from this snapshot; nil if the archive lacks records
    /// that the snapshot itself needs.
    package var through: LSN?
    /// The newest record in the archive. If it is after `through` there is a gap between the two,
    /// which somebody should be told of.
    package var newest: LSN
}

/// One history of an archive, to be looked at, verified and restored from.
package struct ArchiveCheck {
    package let archive: any Archive
    package let cryptography: any Cryptography
    package let prefix: ArchivePrefix
    package let contents: ArchiveContents

    /// Lists the history.
    package init(
        archive: any Archive, cryptography: any Cryptography, prefix: ArchivePrefix
    ) throws(ArchiveFailure) {
        self.archive = archive
        self.cryptography = cryptography
        self.prefix = prefix
        do throws(DiskError) {
            contents = ArchiveContents(prefix, names: try archive.list(prefix.text))
        } catch {
            throw .disk(error)
        }
    }

    /// The clusters and histories an archive holds, as its names show.
    package static func histories(in archive: any Archive) throws(ArchiveFailure) -> [ArchivePrefix]
    {
        let names: [String]
        do throws(DiskError) { names = try archive.list("") } catch { throw .disk(error) }
        var found: [ArchivePrefix] = []
        for name in names {
            let parts = name.split(separator: "/")
            guard parts.count > 2, let cluster = Identity(String(parts[0])),
                let history = Identity(String(parts[1]))
            else { continue }
            let prefix = ArchivePrefix(cluster: cluster, history: history)
            if found.last != prefix { found.append(prefix) }
        }
        return found
    }

    /// A snapshot's manifest.
    package func manifest(_ point: LSN) throws(ArchiveFailure) -> Manifest {
        let name = prefix.snapshot(point, file: Manifest.fileName)
        let bytes = try read(name)
        do throws(Corruption) {
            let manifest = try Manifest(bytes, cryptography)
            guard manifest.point == point, manifest.cluster == prefix.cluster,
                manifest.history == prefix.history
            else {
                throw Corruption(
                    offset: 0, expected: "the manifest of \(point) of this history",
                    found: "that of \(manifest.point) of \(manifest.history)")
            }
            return manifest
        } catch {
            throw .corrupt(error.within(file: name, at: 0))
        }
    }

    /// A chunk's bytes, whose size and hash are as the manifest says.
    package func chunk(_ chunk: Chunk, of point: LSN) throws(ArchiveFailure) -> [UInt8] {
        let name = prefix.snapshot(point, file: chunk.name)
        let bytes = try read(name)
        guard bytes.count == chunk.bytes, cryptography.sha256(bytes) == chunk.sha256 else {
            throw .corrupt(
                Corruption(
                    file: name, offset: 0, expected: "the \(chunk.bytes) bytes of the manifest",
                    found: "\(bytes.count) with another hash"))
        }
        return bytes
    }

    /// A stretch of the log, verified in itself.
    package func log(
        _ log: ArchivedLog
    ) throws(ArchiveFailure) -> (before: LogHead, batches: [Batch]) {
        let name = prefix.log(log)
        let bytes = try read(name)
        do throws(Corruption) {
            let file = try ArchivedLogFile.decode(bytes, file: name)
            guard file.cluster == prefix.cluster, file.history == prefix.history,
                file.batches.first?.first == log.first, file.batches.last?.last == log.last
            else {
                throw Corruption(
                    file: name, offset: 16, expected: "the records its name says, of this history",
                    found: "others")
            }
            return (file.before, file.batches)
        } catch {
            throw .corrupt(error)
        }
    }

    /// Every snapshot with a manifest, newest first, and how far one can go on from it: by the
    /// names of what is there, without reading it all. One whose manifest is bad is left out, with
    /// the reason in `refused`.
    package func restorePoints(
        refused: inout [ArchiveFailure]
    ) throws(ArchiveFailure) -> [RestorePoint] {
        var points: [RestorePoint] = []
        for point in contents.points {
            let manifest: Manifest
            do throws(ArchiveFailure) { manifest = try self.manifest(point) } catch {
                guard error.isOfOneFile else { throw error }
                refused.append(error)
                continue
            }
            let through = contents.contiguous(after: manifest.start.last)
            points.append(
                RestorePoint(
                    manifest: manifest,
                    through: through >= manifest.complete.last ? through : nil,
                    newest: contents.logs.map(\.last).max() ?? .zero))
        }
        return points
    }

    /// The same, for those who do not ask what is bad.
    package func restorePoints() throws(ArchiveFailure) -> [RestorePoint] {
        var refused: [ArchiveFailure] = []
        return try restorePoints(refused: &refused)
    }

    /// Reads everything: every hash of every snapshot, and the log's chain from the oldest snapshot
    /// on. - Returns: what is wrong, one line each; empty if all is well.
    package func verify() throws(ArchiveFailure) -> [String] {
        var problems: [String] = []
        for point in contents.points {
            do throws(ArchiveFailure) {
                let manifest = try manifest(point)
                for entry in manifest.chunks { _ = try chunk(entry, of: point) }
                var walk = ArchivedLogWalk(self, after: manifest.start)
                while try walk.next() != nil {}
                if walk.head.last < manifest.complete.last {
                    problems.append(
                        "snapshot \(point): the log reaches only LSN \(walk.head.last)")
                }
            } catch {
                guard error.isOfOneFile else { throw error }
                problems.append("snapshot \(point): \(error)")
            }
        }
        return problems
    }

    private func read(_ name: String) throws(ArchiveFailure) -> [UInt8] {
        do throws(DiskError) { return try archive.read(name) } catch { throw .disk(error) }
    }
}

/// Reads the log of an archive from one head on, batch by batch, following the chain: of files that
/// overlap (two primaries shipped) the records that continue it are taken, once.
struct ArchivedLogWalk {
    private let check: ArchiveCheck
    private(set) var head: LogHead
    private var batches: ArraySlice<Batch> = []

    init(_ check: ArchiveCheck, after head: LogHead) {
        self.check = check
        self.head = head
    }

    /// The next batch; nil where the archive ends.
    mutating func next() throws(ArchiveFailure) -> Batch? {
        while batches.isEmpty {
            guard try readOn() else { return nil }
        }
        let batch = batches.removeFirst()
        head = LogHead(last: batch.last, epoch: batch.epoch, chain: batch.chain)
        return batch
    }

    /// Finds a file that goes on from `head`.
    private mutating func readOn() throws(ArchiveFailure) -> Bool {
        var refused: ArchiveFailure?
        for log in check.contents.logs.reversed() where log.first <= head.last.next {
            guard log.last > head.last else { continue }
            do throws(ArchiveFailure) {
                let file = try check.log(log)
                let rest = file.batches.drop { $0.last <= head.last }
                guard rest.first?.first == head.last.next, rest.first?.previousChain == head.chain
                else {
                    refused = .corrupt(
                        Corruption(
                            file: check.prefix.log(log), offset: 0,
                            expected: "records that continue \(head)", found: "another chain"))
                    continue
                }
                batches = rest
                return true
            } catch {
                refused = error
            }
        }
        if let refused { throw refused }
        return false
    }
}
