import ByteCoding
import Environment
import ReplicatedLog
import Simulation
import Testing

struct SnapshotTests {
    private static func disk() -> SimulatedDisk { SimulatedDisk(SimulatedScheduler()) }

    @Test func `a snapshot is read back piece by piece as it was written`() throws {
        let disk = Self.disk()
        let manifest = try SnapshotWorld.write(
            disk, start: SnapshotWorld.head(10), complete: SnapshotWorld.head(20))
        #expect(manifest.chunks.count > 3)
        let store = SnapshotWorld.store(disk.crashed())
        #expect(try store.list() == [LSN(20)])
        let found = try store.newestGood(of: LogWorld.identity)
        #expect(found.manifest == manifest)
        #expect(found.refused.isEmpty)
        #expect(try SnapshotWorld.images(disk.copy(), manifest).isEmpty == false)
    }

    @Test func `every image comes back whole`() throws {
        let disk = Self.disk()
        let manifest = try SnapshotWorld.write(
            disk, start: SnapshotWorld.head(10), complete: SnapshotWorld.head(20))
        let after = disk.crashed()
        #expect(try SnapshotWorld.images(after, manifest) == SnapshotWorld.expectedImages(LSN(20)))
    }

    @Test func `a crash at any operation leaves the old snapshot and the whole new one or none`()
        throws
    {
        let whole = Self.disk()
        try SnapshotWorld.write(whole, start: .empty, complete: SnapshotWorld.head(10))
        let before = whole.operations
        try SnapshotWorld.write(
            whole, start: SnapshotWorld.head(10), complete: SnapshotWorld.head(20))
        for operation in (before + 1)...whole.operations {
            for remainder in [CrashRemainder.nothing, .everything, .some(UInt64(operation))] {
                let disk = Self.disk()
                try SnapshotWorld.write(disk, start: .empty, complete: SnapshotWorld.head(10))
                disk.faults.crashAtOperation = operation
                #expect(throws: DiskError.self) {
                    try SnapshotWorld.write(
                        disk, start: SnapshotWorld.head(10), complete: SnapshotWorld.head(20))
                }
                let after = disk.crashed(remainder)
                let store = SnapshotWorld.store(after)
                try store.removeLeftovers()
                let found = try store.newestGood(of: LogWorld.identity)
                #expect(found.refused.isEmpty, "operation \(operation), \(remainder)")
                guard let manifest = found.manifest else {
                    Issue.record("no snapshot after a crash at \(operation), \(remainder)")
                    return
                }
                let expected = SnapshotWorld.expectedImages(manifest.point)
                #expect(try SnapshotWorld.images(after, manifest) == expected)
                // And the next one can be made.
                try SnapshotWorld.write(
                    after, start: SnapshotWorld.head(10), complete: SnapshotWorld.head(30))
                #expect(try store.verified(LSN(30)).point == LSN(30))
            }
        }
    }

    @Test func `a snapshot that turns out bad while it is read gives way to the one before`()
        throws
    {
        let disk = Self.disk()
        try SnapshotWorld.write(disk, start: .empty, complete: SnapshotWorld.head(10))
        try SnapshotWorld.write(
            disk, start: SnapshotWorld.head(10), complete: SnapshotWorld.head(20))
        let newest = try SnapshotWorld.store(disk).manifest(LSN(20))
        let chunk = try #require(newest.chunks.last)
        let file = try #require(disk.paths.first { $0.hasSuffix("14/\(chunk.name)") })
        disk.damage(file) { $0[$0.count / 2] ^= 1 }
        let store = SnapshotWorld.store(disk)
        var begun: [LSN] = []
        let found = try store.newestGood(of: LogWorld.identity) {
            (manifest) throws(SnapshotFailure) in
            begun.append(manifest.point)
            try store.forEachPiece(of: manifest, ahead: SimulatedScheduler()) { _ in }
        }
        #expect(begun == [LSN(20), LSN(10)])
        #expect(found.manifest?.point == LSN(10))
        #expect(found.bad == [LSN(20)] && found.refused.count == 1)
    }

    @Test func `no space at any write leaves the old snapshot and gives the space back`() throws {
        let whole = Self.disk()
        try SnapshotWorld.write(whole, start: .empty, complete: SnapshotWorld.head(10))
        for write in 1...whole.writes {
            let disk = Self.disk()
            try SnapshotWorld.write(disk, start: .empty, complete: SnapshotWorld.head(10))
            let paths = disk.paths
            disk.faults.noSpaceAtWrite = whole.writes + write
            disk.faults.isFullFrom = true
            let writer = SnapshotWriter(
                disk: disk, cryptography: SnapshotWorld.cryptography, chunkBytes: 1_000)
            #expect(throws: DiskError.self) {
                try writer.begin()
                for number in 1...5 as ClosedRange<UInt64> {
                    let bytes = SnapshotWorld.image(number, LSN(20))
                    try writer.append(bytes, of: number, isLast: true)
                }
                _ = try writer.finish(
                    SnapshotWorld.manifest(start: .empty, complete: SnapshotWorld.head(20)))
            }
            try writer.abandon()
            #expect(disk.paths == paths)
            #expect(try SnapshotWorld.store(disk).newestGood(of: LogWorld.identity).manifest != nil)
        }
    }

    @Test func `any flipped bit of the newest snapshot makes the one before it be used`() throws {
        let disk = Self.disk()
        let old = try SnapshotWorld.write(
            disk, start: .empty, complete: SnapshotWorld.head(10))
        try SnapshotWorld.write(
            disk, start: SnapshotWorld.head(10), complete: SnapshotWorld.head(20))
        let paths = disk.paths.filter { $0.contains("0014/") }
        #expect(paths.count > 4)
        var seed = Seed(5)
        for path in paths {
            for _ in 0..<60 {
                let copy = disk.copy()
                copy.damage(path) { bytes in
                    bytes[seed.number(below: bytes.count)] ^= 1 << UInt8(seed.number(below: 8))
                }
                let found = try SnapshotWorld.store(copy).newestGood(of: LogWorld.identity)
                #expect(found.manifest == old, "\(path)")
                #expect(found.refused.count == 1)
            }
            let copy = disk.copy()
            copy.take(path)
            let found = try SnapshotWorld.store(copy).newestGood(of: LogWorld.identity)
            #expect(found.manifest == old, "without \(path)")
        }
    }

    @Test func `a manifest cut anywhere, or of another cluster, is refused`() throws {
        let manifest = SnapshotWorld.manifest(start: .empty, complete: SnapshotWorld.head(20))
        let bytes = manifest.encoded(SnapshotWorld.cryptography)
        #expect(try Manifest(bytes, SnapshotWorld.cryptography) == manifest)
        for count in 0..<bytes.count {
            #expect(throws: Corruption.self) {
                try Manifest([UInt8](bytes.prefix(count)), SnapshotWorld.cryptography)
            }
        }
        let disk = Self.disk()
        try SnapshotWorld.write(disk, start: .empty, complete: SnapshotWorld.head(10))
        let other = LogIdentity(cluster: .none, history: LogWorld.identity.history)
        let found = try SnapshotWorld.store(disk).newestGood(of: other)
        #expect(found.manifest == nil)
        guard case .foreign = found.refused.first else {
            Issue.record("\(found.refused)")
            return
        }
    }

    /// A manifest whose own hash is right may still have been made to mislead.
    @Test func `a manifest that lies about lengths, names or order is refused`() throws {
        let cryptography = SnapshotWorld.cryptography
        let manifest = SnapshotWorld.manifest(start: .empty, complete: SnapshotWorld.head(20))
        let bytes = [UInt8](manifest.encoded(cryptography).dropLast(32))
        for place in 0..<bytes.count {
            for value in [0, 0x7F, 0xFF] as [UInt8] {
                var changed = bytes
                changed[place] = value
                // It must come back as something, or be refused; never trap.
                _ = try? Manifest(changed + cryptography.sha256(changed), cryptography)
            }
        }
        for name in ["../evil", "a/b", "", ".", "..", "UPPER", "manifest"] {
            var wrong = manifest
            wrong.chunks = [
                Chunk(name: name, bytes: 1, rawBytes: 1, sha256: cryptography.sha256([]))
            ]
            #expect(throws: Corruption.self) {
                try Manifest(wrong.encoded(cryptography), cryptography)
            }
        }
    }

    @Test func `a snapshot that another node sends is taken only when it is whole`() throws {
        let source = Self.disk()
        let manifest = try SnapshotWorld.write(
            source, start: SnapshotWorld.head(10), complete: SnapshotWorld.head(20))
        for lost in [nil, 0, manifest.chunks.count - 1] {
            let target = Self.disk()
            var receiver = try SnapshotReceiver(
                store: SnapshotWorld.store(target),
                manifest: manifest.encoded(SnapshotWorld.cryptography))
            for (index, chunk) in manifest.chunks.enumerated() where index != lost {
                let bytes = try SnapshotWorld.store(source).file(chunk, of: manifest.point)
                for start in stride(from: 0, to: bytes.count, by: 100) {
                    let part = [UInt8](bytes[start..<min(start + 100, bytes.count)])
                    try receiver.store(file: index, offset: UInt64(start), bytes: part)
                }
            }
            if lost == nil {
                #expect(try receiver.finish() == manifest)
                let after = target.crashed()
                #expect(
                    try SnapshotWorld.images(after, manifest)
                        == SnapshotWorld.expectedImages(LSN(20)))
            } else {
                #expect(throws: SnapshotFailure.self) { try receiver.finish() }
                #expect(try SnapshotWorld.store(target).list() == [])
            }
            #expect(throws: SnapshotFailure.self) {
                try receiver.store(file: 99, offset: 0, bytes: [1])
            }
            #expect(throws: SnapshotFailure.self) {
                try receiver.store(file: 0, offset: .max, bytes: [1])
            }
        }
    }

    @Test func `only what the second newest snapshot, the archive and nobody needs may go`() {
        let manifests = [10, 20, 30].map { point in
            SnapshotWorld.manifest(
                start: SnapshotWorld.head(point - 5), complete: SnapshotWorld.head(point))
        }
        func first(_ count: Int, archived: UInt64? = nil, pinned: UInt64? = nil) -> LSN {
            Retention.firstNeeded(
                manifests: [Manifest](manifests.prefix(count)), archived: archived.map(LSN.init),
                pinned: pinned.map(LSN.init))
        }
        #expect(first(0) == LSN(1))
        #expect(first(1) == LSN(1))
        #expect(first(2) == LSN(6))
        #expect(first(3) == LSN(16))
        #expect(first(3, archived: 12) == LSN(13))
        #expect(first(3, archived: 40, pinned: 3) == LSN(3))
        #expect(Retention.removable(points: [LSN(10), LSN(30), LSN(20)]) == [LSN(10)])
        #expect(Retention.removable(points: [LSN(10), LSN(30)], keeping: 1) == [])
    }
}
