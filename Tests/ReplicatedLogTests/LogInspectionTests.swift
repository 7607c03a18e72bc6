import ByteCoding
import Environment
import ReplicatedLog
import Simulation
import Testing

/// Looking at a log and at snapshots that no process has open.
struct LogInspectionTests {
    private static func world() throws -> LogWorld {
        let world = LogWorld()
        try world.open()
        world.appendFlushed(40, bytes: 3000)
        world.close()
        world.crash()
        return world
    }

    @Test func `verifying changes nothing and names the head, the verdict and what is vouched for`()
        throws
    {
        let world = try Self.world()
        let before = world.disk.paths.map { world.disk.contents($0) }
        let report = try LogInspection(disk: world.disk).verify(identity: LogWorld.identity)
        #expect(report.verdict == .cleanEnd)
        #expect(report.head.last == LSN(40))
        #expect(report.vouched == LSN(40))
        #expect(report.oldest == LSN(1))
        let segments = try LogInspection(disk: world.disk).segments()
        #expect(segments.count == report.segments)
        #expect(segments.allSatisfy { $0.problem == nil })
        #expect(world.disk.paths.map { world.disk.contents($0) } == before)
    }

    @Test func `batches are shown from one record to another, with where they lie`() throws {
        let world = try Self.world()
        for (first, last) in [(1, 40), (7, 7), (13, 16), (39, 90), (41, 50)] as [(UInt64, UInt64)] {
            var found: [Batch] = []
            let problem = try LogInspection(disk: world.disk).forEachBatch(
                from: LSN(first), to: LSN(last)
            ) { inspected in
                found.append(inspected.batch)
                #expect(inspected.offset % 4096 == 0)
                #expect(inspected.chain == inspected.batch.chain)
                return true
            }
            #expect(problem == nil)
            let expected = world.batches.filter { $0.last >= LSN(first) && $0.first <= LSN(last) }
            #expect(found == expected)
        }
    }

    @Test func `damage is shown with the file, the place and what to do`() throws {
        let world = try Self.world()
        world.disk.damage("log/wal-0000000000000001.seg") { $0[4096 + 4096 + 300] ^= 1 }
        let report = try LogInspection(disk: world.disk).verify()
        guard case .damage(let damage) = report.verdict else {
            Issue.record("\(report)")
            return
        }
        #expect(damage.lsn == LSN(2))
        let text = damage.description
        for words in ["wal-0000000000000001.seg", "byte ", "payload checksum", "log repair"] {
            #expect(text.contains(words), "\(words): \(text)")
        }
        let problem = try LogInspection(disk: world.disk).forEachBatch { _ in true }
        #expect(problem == damage.corruption)
    }

    @Test func `snapshots are listed and verified, the bad ones with the reason`() throws {
        let disk = SimulatedDisk(SimulatedScheduler())
        let first = try SnapshotWorld.write(
            disk, start: .empty, complete: SnapshotWorld.head(10))
        let second = try SnapshotWorld.write(
            disk, start: .empty, complete: SnapshotWorld.head(20))
        disk.damage("snapshots/snap-0000000000000014/c-00002.lz4") { $0[20] ^= 1 }
        let inspection = SnapshotInspection(disk: disk, cryptography: SnapshotWorld.cryptography)
        #expect(try inspection.list().map(\.manifest) == [second, first])
        let verified = try inspection.verify()
        #expect(verified.map(\.manifest) == [nil, first])
        #expect(verified[0].problem?.contains("c-00002.lz4") == true)
        #expect(verified[1].bytes > 0)
    }
}
