import ByteCoding
import Environment
import ReplicatedLog
import Simulation
import Testing

struct MetaTests {
    private static let nodeA = Identity(high: 0xA, low: 1)
    private static let nodeB = Identity(high: 0xB, low: 2)

    private static let register = Register(
        cluster: Identity(high: 1, low: 2), history: Identity(high: 3, low: 4), version: 5,
        primary: nodeA, members: [nodeA, nodeB], policy: .block, soloSince: LSN(6),
        reason: "made by hand", actor: "ops", at: 1_700_000_000_000)

    private static func meta(boot: UInt32) -> NodeMeta {
        NodeMeta(
            node: nodeA, cluster: register.cluster, history: register.history,
            promised: Epoch(version: 5, boot: boot), actingEpoch: Epoch(version: 5, boot: 1),
            actingRole: .primary, members: [nodeA, nodeB], register: register, bootCounter: boot,
            soundness: .damaged, damage: "segment 7", digestPoint: LSN(9), digest: 11)
    }

    private static func disk() -> SimulatedDisk { SimulatedDisk(SimulatedScheduler()) }

    @Test func `what is stored is loaded, and a folder without it is fresh`() throws {
        let disk = Self.disk()
        let store = NodeMetaStore(disk: disk)
        #expect(try store.load() == .fresh)
        for boot in 1...5 {
            try store.store(Self.meta(boot: UInt32(boot)))
            #expect(try store.load() == .found(Self.meta(boot: UInt32(boot))))
        }
        #expect(disk.contents(NodeMetaStore.path)?.count == 8192)
    }

    @Test func `a register comes back as it was, and no beginning of one is taken for one`() throws
    {
        let bytes = Self.register.encoded()
        #expect(try Register(bytes) == Self.register)
        for count in 0..<bytes.count {
            #expect(throws: Corruption.self) { try Register([UInt8](bytes.prefix(count))) }
        }
        #expect(throws: Corruption.self) { try Register(bytes + [0]) }
    }

    @Test func `text beyond its limit is cut at a character`() throws {
        var long = Self.register
        long.reason = String(repeating: "ä", count: 2_000)
        let found = try Register(long.encoded())
        #expect(found.reason == String(repeating: "ä", count: 512))
    }

    @Test func `members out of order or too many are refused`() throws {
        var wrong = Self.register
        wrong.members = [Self.nodeB, Self.nodeA]
        #expect(throws: Corruption.self) { try Register(wrong.encoded()) }
        wrong.members = [Self.nodeA, Self.nodeA]
        #expect(throws: Corruption.self) { try Register(wrong.encoded()) }
    }

    @Test func `a bad slot gives way to the other, and two bad ones are damage`() throws {
        let disk = Self.disk()
        let store = NodeMetaStore(disk: disk)
        for boot in 1...3 { try store.store(Self.meta(boot: UInt32(boot))) }
        // Generations: 1 and 2 at the creation, then 3 (boot 2) and 4 (boot 3) in the second slot.
        for place in stride(from: 4096, to: 8192, by: 97) {
            let copy = disk.copy()
            copy.damage(NodeMetaStore.path) { $0[place] ^= 0x10 }
            #expect(try NodeMetaStore(disk: copy).load() == .found(Self.meta(boot: 2)))
        }
        disk.damage(NodeMetaStore.path) { bytes in
            bytes[100] ^= 1
            bytes[5000] ^= 1
        }
        guard case .damaged(let corruption) = try store.load() else {
            Issue.record("two bad slots")
            return
        }
        #expect(corruption.file == "node.meta")
    }

    @Test func `a crash at any operation leaves the new or the old content`() throws {
        let whole = Self.disk()
        try NodeMetaStore(disk: whole).store(Self.meta(boot: 1))
        try NodeMetaStore(disk: whole).store(Self.meta(boot: 2))
        for operation in 1...whole.operations {
            for remainder in [CrashRemainder.nothing, .some(1), .some(2), .some(3), .everything] {
                let disk = Self.disk()
                disk.faults.crashAtOperation = operation
                var stored: UInt32 = 0
                do throws(DiskError) {
                    for boot in 1...2 as ClosedRange<UInt32> {
                        try NodeMetaStore(disk: disk).store(Self.meta(boot: boot))
                        stored = boot
                    }
                } catch {}
                switch try NodeMetaStore(disk: disk.crashed(remainder)).load() {
                case .fresh: #expect(stored == 0)
                case .found(let meta): #expect(meta.bootCounter >= stored)
                case .damaged(let corruption): Issue.record("at \(operation): \(corruption)")
                case .foreign(let file): Issue.record("at \(operation): \(file)")
                }
            }
        }
    }

    @Test(arguments: [0, 4096])
    func `what a newer program has stored is not read as what was before it`(_ slot: Int) throws {
        let disk = Self.disk()
        let store = NodeMetaStore(disk: disk)
        for boot in 1...2 as ClosedRange<UInt32> { try store.store(Self.meta(boot: boot)) }
        disk.damage(NodeMetaStore.path) { bytes in
            bytes[slot + 4] = 2
            let sum = CRC32C.checksum(Array(bytes[slot..<(slot + 4092)]))
            for index in 0..<4 {
                bytes[slot + 4092 + index] = UInt8(truncatingIfNeeded: sum >> (8 * UInt32(index)))
            }
        }
        guard case .foreign(let file) = try store.load() else {
            Issue.record("\(try store.load())")
            return
        }
        #expect(file.description.contains("node.meta: has format 2, this program knows 1"))
        #expect(throws: DiskError.self) { try store.store(Self.meta(boot: 3)) }
    }

    @Test func `an older copy put back is seen to be older than the log`() {
        let head = LogHead(last: LSN(4), epoch: Epoch(version: 5, boot: 2), chain: 0)
        #expect(Self.meta(boot: 1).isOlder(than: head))
        #expect(!Self.meta(boot: 2).isOlder(than: head))
    }
}
