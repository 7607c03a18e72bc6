import ByteCoding
import Environment
import ReplicatedLog
import Simulation
import Testing

/// The bytes of a manifest and of an expanded chunk, as `Formats-Manifest.md` and
/// `Formats-Snapshot.md` say them. A change of these is a change of format.
struct SnapshotGoldenTests {
    private static let manifest = Manifest(
        cluster: Identity(high: 1, low: 2), history: Identity(high: 3, low: 4),
        epochs: EpochHistory([EpochStart(epoch: Epoch(version: 5, boot: 6), first: LSN(7))])
            ?? EpochHistory(),
        start: LogHead(last: LSN(8), epoch: Epoch(version: 5, boot: 6), chain: 9),
        complete: LogHead(last: LSN(10), epoch: Epoch(version: 5, boot: 6), chain: 11),
        time: 12, software: "1.0",
        workspaces: [
            WorkspaceImage(workspace: 13, position: 14, lsn: LSN(10), digest: [0xD1, 0xD2])
        ],
        chunks: [
            Chunk(
                name: "c-00001.lz4", bytes: 15, rawBytes: 16,
                sha256: [UInt8](repeating: 0xAB, count: 32))
        ],
        counts: [KindCount(kind: 17, count: 18)])

    private static let fixture = """
        48464d414e494645  # magic HFMANIFE
        0100  # version
        0000  # flags
        17010000  # length, 279
        01000000000000000200000000000000  # cluster
        03000000000000000400000000000000  # history
        0800000000000000 0500000000000000 06000000 0900000000000000  # start: LSN, epoch, chain
        0a00000000000000 0500000000000000 06000000 0b00000000000000  # complete
        0c00000000000000  # time
        0300 312e30  # software
        0100 0500000000000000 06000000 0700000000000000  # one epoch: version, boot, first LSN
        0100 1100 1200000000000000  # one kind: kind, objects
        01000000  # one workspace
        0d00000000000000 0e00000000000000 0a00000000000000 02 d1d2  # number, position, LSN, digest
        01000000  # one chunk
        0b00 632d30303030312e6c7a34  # name
        0f00000000000000 1000000000000000  # bytes, raw bytes
        abababababababababababababababababababababababababababababababab  # SHA-256
        """

    @Test func `a manifest has exactly these bytes and then its own hash`() throws {
        let cryptography = SnapshotWorld.cryptography
        var expected = LogGoldenTests.bytes(Self.fixture)
        let found = Self.manifest.encoded(cryptography)
        #expect([UInt8](found.dropLast(32)) == expected)
        expected += cryptography.sha256(expected)
        #expect(found == expected)
        #expect(try Manifest(expected, cryptography) == Self.manifest)
    }

    @Test func `an expanded chunk has exactly these bytes`() throws {
        let disk = SimulatedDisk(SimulatedScheduler())
        let writer = SnapshotWriter(disk: disk, cryptography: SnapshotWorld.cryptography)
        try writer.begin()
        try writer.append([1, 2, 3] as [UInt8], of: 13, isLast: false)
        try writer.append([] as [UInt8], of: 13, isLast: true)
        let manifest = try writer.finish(Self.manifest)
        let frame = try SnapshotWorld.store(disk).file(manifest.chunks[0], of: manifest.point)
        #expect(frame.starts(with: [0x04, 0x22, 0x4D, 0x18]))
        let expected = LogGoldenTests.bytes(
            """
            0d00000000000000 03000000 0000 0000 010203  # a piece of workspace 13
            0d00000000000000 00000000 0100 0000  # its last piece, empty
            """)
        #expect(try LZ4.decompressFrame(frame, limit: 1 << 20) == expected)
    }
}
