import ByteCoding
import Testing
import WorkProtocol

@testable import WorkGraph

/// Log records, which the graph writes and reads without the message that describes them.
@Suite struct RecordTests {
    @Test func `a record is the message that the schema describes`() throws {
        let world = try World()
        let (project, sections) = try world.project()
        let id = RequestID(
            high: UInt64(world.time) << 16, low: 0x0102_0304_0506_0708, sequence: 9,
            acknowledged: 4)
        let create = CreateTask.with {
            $0.name = "task"
            $0.placements = [
                .with {
                    $0.project = project
                    $0.section = sections[0]
                }
            ]
        }
        let done = try world.perform(
            .createTask(create), as: world.bob, request: id, requestHash: 0xABCD)
        let record = try #require(done.record)
        let message = try ChangeRecord(decoding: record)
        #expect(message.encoded() == record)
        #expect(message.session == RequestHistory.bytes(id))
        #expect(message.sequence == 9 && message.acknowledged == 4)
        #expect(message.requestHash == 0xABCD && message.answer == done.answer)
        #expect(message.principal == world.bob.account.rawValue && message.time == world.time)
        #expect(message.changes.map(\.kind) == [.task])
        #expect(message.nextRow == world.graph.nextRow)
    }

    @Test func `a damaged record leaves no half of itself behind`() throws {
        let world = try World()
        _ = try world.task("one")
        let record = try #require(world.records.last)
        let replayed = Shard()
        for (index, record) in world.records.dropLast().enumerated() {
            try replayed.apply(record.span.bytes, in: World.ordinal, at: UInt64(index + 1))
        }
        let graph = try #require(replayed.workspace(World.ordinal))
        let digest = graph.digest
        for length in 0..<record.count - 1 {
            let cut = Array(record[..<length])
            // Where a field ends, what is there is a record, if not the whole one.
            guard (try? ChangeRecord(decoding: cut)) == nil else { continue }
            #expect(throws: Corruption.self) { try graph.apply(cut.span.bytes) }
            #expect(graph.digest == digest)
        }
        try graph.apply(record.span.bytes)
        #expect(graph.digest == world.graph.digest)
    }
}
