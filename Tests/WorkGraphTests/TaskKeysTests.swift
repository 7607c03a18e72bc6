import ByteCoding
import Testing
import WorkProtocol

@testable import WorkGraph

/// Keys read from a row by words, against the row read as a message.
@Suite struct TaskKeysTests {
    private func place(_ random: inout SeededRandom) -> StoredPlacement {
        .with {
            $0.project = UInt32(random.below(1 << 30))
            $0.section = UInt32(random.below(3))
            $0.rank = Int64(random.below(1 << 40)) - (1 << 39)
            if random.once(in: 3) { $0.rank = 0 }
        }
    }

    private func row(_ random: inout SeededRandom) -> TaskRow {
        func number() -> UInt64 {
            random.once(in: 3) ? 0 : random.next() >> UInt64(random.below(64))
        }
        var row = TaskRow()
        row.gid = number()
        row.version = UInt32(truncatingIfNeeded: number())
        row.name = String(repeating: "n", count: random.below(20))
        row.notes = String(repeating: "é", count: random.below(300))
        if random.once(in: 4) { row.htmlNotes = "<body></body>" }
        if random.once(in: 4) { row.subtype = .milestone }
        row.createdBy = number()
        row.createdAt = Int64(bitPattern: number())
        row.modifiedAt = Int64(bitPattern: number())
        row.completed = random.once(in: 3)
        row.completedAt = Int64(bitPattern: number())
        row.completedBy = number()
        row.assignee = number()
        row.assignedBy = number()
        row.bucket = Bucket.allCases[random.below(Bucket.allCases.count)]
        if random.once(in: 3) { row.startOn = Int32(random.below(1000)) - 500 }
        if random.once(in: 2) { row.dueOn = Int32(random.below(100_000)) - 50_000 }
        if random.once(in: 4) {
            row.external = .with {
                $0.gid = "X"; $0.data = "d"
            }
        }
        row.isPublic = random.once(in: 4)
        if random.once(in: 4) { row.deletedAt = 77 }
        if random.once(in: 4) { row.parent = 9 }
        row.placements = (0..<random.below(7)).map { _ in place(&random) }
        row.collaborators = (0..<random.below(7)).map { _ in number() }
        if random.once(in: 3) { row.likes = [number()] }
        if random.once(in: 3) { row.labels = [1, 2, 3, 4, 5, 6] }
        if random.once(in: 3) { row.dependencies = [8] }
        row.bucketRank = Int64(bitPattern: number())
        row.unseen = random.once(in: 2)
        return row
    }

    private func expect(_ keys: TaskKeys, _ row: TaskRow, _ note: Comment) {
        #expect(keys.version == row.version, note)
        #expect(keys.modifiedAt == row.modifiedAt, note)
        #expect(keys.assignee == row.assignee, note)
        #expect(keys.createdBy == row.createdBy, note)
        #expect(keys.completedBy == row.completedBy, note)
        #expect(keys.assignedBy == row.assignedBy, note)
        #expect(keys.bucket == row.bucket, note)
        #expect(keys.bucketRank == row.bucketRank, note)
        #expect(keys.dueOn == row.dueOn, note)
        #expect(keys.completed == row.completed, note)
        #expect(keys.completedAt == row.completedAt, note)
        #expect(keys.isPublic == row.isPublic, note)
        #expect(keys.unseen == row.unseen, note)
        #expect(keys.deletedAt == row.deletedAt, note)
        #expect(keys.parent == row.parent, note)
        #expect(Array(keys.labels) == row.labels, note)
        #expect(Array(keys.dependencies) == row.dependencies, note)
        #expect(Array(keys.collaborators) == row.collaborators, note)
        #expect(keys.placements.map(\.project) == row.placements.map(\.project), note)
        #expect(keys.placements.map(\.section) == row.placements.map(\.section), note)
        #expect(keys.placements.map(\.rank) == row.placements.map(\.rank), note)
        #expect(keys.hasExternalData == (row.external != nil), note)
    }

    @Test(arguments: [1, 2, Seeds.fresh()])
    func `they are what the row says`(seed: UInt64) throws {
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        for _ in 0..<2_000 {
            let row = row(&random)
            let bytes = row.encoded()
            let keys = try TaskKeys(decoding: bytes.span.bytes)
            expect(keys, row, "seed \(seed)")
            var common = row
            (common.parent, common.placements, common.collaborators) = (0, [], [])
            (common.likes, common.labels, common.dependencies) = ([], [], [])
            (common.bucketRank, common.unseen) = (0, false)
            #expect(keys.commonEnd == common.encoded().count, "seed \(seed)")
        }
    }

    /// The fields of a message, each with its tag.
    private func fields(_ bytes: [UInt8]) throws -> [[UInt8]] {
        var reader = unsafe ByteReader(bytes.span.bytes)
        var fields: [[UInt8]] = []
        while !reader.isAtEnd {
            let start = reader.offset
            try reader.skipField(try reader.tag())
            fields.append(Array(bytes[start..<reader.offset]))
        }
        return fields
    }

    @Test(arguments: [1, 2, Seeds.fresh()])
    func `they are the same in whatever order the fields come`(seed: UInt64) throws {
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        for _ in 0..<1_000 {
            let bytes = row(&random).encoded()
            var fields = try fields(bytes)
            for index in fields.indices.dropFirst() where random.once(in: 3) {
                fields.swapAt(index, random.below(index))
            }
            // One that this program does not know.
            if random.once(in: 2) {
                fields.insert([0xA8, 0x06, 0x05], at: random.below(fields.count + 1))
            }
            let mixed = fields.flatMap { $0 }
            expect(
                try TaskKeys(decoding: mixed.span.bytes), try TaskRow(decoding: mixed),
                "seed \(seed)")
        }
    }

    @Test(arguments: [1, Seeds.fresh()])
    func `bytes that are no row are refused or read, and nothing traps`(seed: UInt64) throws {
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        for _ in 0..<300 {
            let bytes = row(&random).encoded()
            for end in bytes.indices {
                _ = try? TaskKeys(decoding: Array(bytes[..<end]).span.bytes)
            }
            for _ in 0..<100 {
                var changed = bytes
                changed[random.below(bytes.count)] = UInt8(random.below(256))
                _ = try? TaskKeys(decoding: changed.span.bytes)
            }
        }
    }
}
