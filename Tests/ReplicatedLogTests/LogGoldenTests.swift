import ByteCoding
import Environment
import ReplicatedLog
import Simulation
import Testing

/// The bytes of a segment, as `Formats-Log.md` says them. A change of these is a change of format.
struct LogGoldenTests {
    /// A number stream that begins with the salt.
    private final class FixedRandomness: Randomness {
        func bytes(_ count: Int) -> [UInt8] { [UInt8](repeating: 7, count: count) }
        func number() -> UInt64 { 0x1122_3344_5566_7788 }
    }

    private static func disk() throws -> SimulatedDisk {
        let scheduler = SimulatedScheduler()
        let disk = SimulatedDisk(scheduler)
        var options = LogOptions(segmentBytes: 64 << 10, alignment: 512)
        options.reserveBytes = 0
        let queue = scheduler.makeQueue("all", .core)
        let log = try Log.open(
            disk: disk,
            identity: LogIdentity(
                cluster: Identity(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10),
                history: Identity(high: 0x1112_1314_1516_1718, low: 0x191A_1B1C_1D1E_1F20)),
            options: options, queues: LogQueues(core: queue, background: queue),
            randomness: FixedRandomness(), evidence: LogEvidence(isFresh: true))
        var writer = ByteWriter()
        Record(type: .change, workspace: 5, position: 6, body: [0xAA, 0xBB, 0xCC])
            .encode(into: &writer)
        Record(type: .register, workspace: 0, position: 0, body: []).encode(into: &writer)
        log.append(
            Batch(
                epoch: Epoch(version: 3, boot: 2), first: LSN(1), count: 2, time: 1_700_000_000_123,
                previousChain: 0, payload: writer.bytes),
            commit: .zero)
        scheduler.run(for: .seconds(1))
        log.close {}
        scheduler.run(for: .seconds(1))
        return disk
    }

    /// The bytes a fixture says: hexadecimal, `#` begins a comment, `0*N` stands for N zero bytes.
    static func bytes(_ fixture: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for line in fixture.split(separator: "\n") {
            for word in line.prefix(while: { $0 != "#" }).split(separator: " ") {
                if word.hasPrefix("0*") {
                    bytes += [UInt8](repeating: 0, count: Int(word.dropFirst(2)) ?? 0)
                } else {
                    bytes += word.unfoldedPairs
                }
            }
        }
        return bytes
    }

    @Test func `a segment has exactly these bytes`() throws {
        let found = try Self.disk().contents("log/wal-0000000000000001.seg") ?? []
        #expect(found.count == 64 << 10)
        let expected = Self.bytes(Self.segment)
        for (index, byte) in expected.enumerated() where found[index] != byte {
            Issue.record("byte \(index): expected \(byte), found \(found[index])")
            return
        }
        #expect(found.dropFirst(expected.count).allSatisfy { $0 == 0 })
    }

    @Test func `the golden segment is read by this program`() throws {
        let scheduler = SimulatedScheduler()
        let disk = SimulatedDisk(scheduler)
        var bytes = Self.bytes(Self.segment)
        bytes += [UInt8](repeating: 0, count: (64 << 10) - bytes.count)
        disk.put("log/wal-0000000000000001.seg", bytes)
        var found: [Record] = []
        let problem = try LogInspection(disk: disk).forEachBatch { batch in
            found += (try? batch.batch.records()) ?? []
            return true
        }
        #expect(problem == nil)
        #expect(found.map(\.body) == [[0xAA, 0xBB, 0xCC], []])
        let report = try LogInspection(disk: disk).verify()
        #expect(report.verdict == .cleanEnd)
        #expect(report.vouched == LSN(2))
    }

    private static let segment = """
        48464c4f47534547  # magic HFLOGSEG
        0100  # format version
        0100  # flags: the log begins here
        00020000  # alignment 512
        0807060504030201100f0e0d0c0b0a09  # cluster
        1817161514131211201f1e1d1c1b1a19  # history
        0100000000000000  # number
        0000000000000000  # number before
        0100000000000000  # first LSN
        0000000000000000  # epoch before, register version
        00000000  # the same, boot
        88776655  # salt
        0000000000000000  # chain before
        0000010000000000  # size
        0000  # epochs
        000000000000
        0*3980
        5272c5b2  # CRC-32C
        # a batch of two records
        48464231  # magic HFB1
        0100  # version
        0000  # flags
        00020000  # total
        33000000  # payload
        02000000  # records
        0300000000000000  # epoch 3.2
        02000000
        0100000000000000  # first LSN
        0000000000000000  # durable LSN
        0000000000000000  # commit LSN
        7b68e5cf8b010000  # time
        0000000000000000  # chain before
        79a8d2aa  # CRC-32C of the payload
        bb3d56e9  # CRC-32C of the header
        03000000  # length of the body
        0100  # type change
        0000  # flags
        0500000000000000  # workspace
        0600000000000000  # position
        aabbcc  # body
        00000000  # length of the body
        0200  # type register
        0000
        0000000000000000
        0000000000000000
        0*381  # padding
        # a batch that vouches, written when the log was closed
        48464231  # magic HFB1
        0100  # version
        0200  # flags
        00020000  # total
        00000000  # payload
        00000000  # records
        0300000000000000  # epoch 3.2
        02000000
        0300000000000000  # first LSN
        0200000000000000  # durable LSN
        0000000000000000  # commit LSN
        7b68e5cf8b010000  # time
        25516b0ff61efc54  # chain before
        88776655  # CRC-32C of the payload
        57fcf6ae  # CRC-32C of the header
        """
}

extension Substring {
    /// Two hexadecimal digits a byte.
    fileprivate var unfoldedPairs: [UInt8] {
        var bytes: [UInt8] = []
        var rest = self
        while rest.count >= 2 {
            bytes.append(UInt8(rest.prefix(2), radix: 16) ?? 0)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
