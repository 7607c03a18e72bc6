import ByteCoding
import Environment
import ReplicatedLog
import Simulation
import Testing

/// Snapshots of a made-up state: what the tests of snapshots, shipping and restoring begin with.
enum SnapshotWorld {
    static let cryptography = SimulatedCryptography()

    static func store(_ disk: SimulatedDisk) -> SnapshotStore {
        SnapshotStore(disk: disk, cryptography: cryptography)
    }

    /// The image of workspace `number` in the snapshot of `point`.
    static func image(_ number: UInt64, _ point: LSN) -> [UInt8] {
        let length = Int(number * 700 % 2500)
        return (0..<length).map { UInt8(truncatingIfNeeded: $0 * 7 + Int(number + point.rawValue)) }
    }

    static func manifest(
        start: LogHead, complete: LogHead, time: Int64 = 1_700_000_000_000
    ) -> Manifest {
        Manifest(
            cluster: LogWorld.identity.cluster, history: LogWorld.identity.history,
            epochs: EpochHistory([EpochStart(epoch: Epoch(version: 1, boot: 0), first: LSN(1))])
                ?? EpochHistory(),
            start: start, complete: complete, time: time, software: "test 1",
            workspaces: (1...5).map {
                WorkspaceImage(
                    workspace: $0, position: $0 * 10, lsn: complete.last,
                    digest: [UInt8(truncatingIfNeeded: $0), 2, 3])
            },
            counts: [KindCount(kind: 1, count: 5), KindCount(kind: 2, count: 80)])
    }

    static func head(_ lsn: UInt64) -> LogHead {
        LogHead(last: LSN(lsn), epoch: Epoch(version: 1, boot: 0), chain: lsn * 3)
    }

    /// Writes a snapshot of five workspaces in chunks of 1,000 bytes.
    @discardableResult
    static func write(
        _ disk: SimulatedDisk, start: LogHead, complete: LogHead
    ) throws(DiskError) -> Manifest {
        let writer = SnapshotWriter(disk: disk, cryptography: cryptography, chunkBytes: 1_000)
        try writer.begin()
        for number in 1...5 as ClosedRange<UInt64> {
            let bytes = image(number, complete.last)
            let half = bytes.count / 2
            try writer.append([UInt8](bytes[..<half]), of: number, isLast: false)
            try writer.append([UInt8](bytes[half...]), of: number, isLast: true)
        }
        return try writer.finish(manifest(start: start, complete: complete))
    }

    /// What a snapshot holds, put together again, by workspace.
    static func images(
        _ disk: SimulatedDisk, _ manifest: Manifest
    ) throws(SnapshotFailure) -> [UInt64: [UInt8]] {
        var images: [UInt64: [UInt8]] = [:]
        try store(disk).forEachPiece(of: manifest) { (piece) throws(Corruption) in
            images[piece.workspace, default: []] += piece.bytes.withUnsafeBytes { [UInt8]($0) }
        }
        return images
    }

    static func expectedImages(_ point: LSN) -> [UInt64: [UInt8]] {
        var images: [UInt64: [UInt8]] = [:]
        for number in 1...5 as ClosedRange<UInt64> { images[number] = image(number, point) }
        return images
    }
}
