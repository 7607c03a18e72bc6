import Environment
import ReplicatedLog
import Simulation
import Testing

struct LogTests {
    @Test func `what is appended is reported as flushed in order and read back`() throws {
        let world = LogWorld()
        let log = try world.open()
        world.append(records: 3)
        world.append(records: 2)
        #expect(log.head.last == LSN(5))
        #expect(log.flushed == .zero)
        world.scheduler.run(for: .seconds(1))
        #expect(world.flushed == LSN(5))
        #expect(try world.readAll() == world.batches)
        #expect(world.failures.isEmpty)
    }

    @Test func `a log that was closed is found again and nothing is made anew`() throws {
        let world = LogWorld()
        try world.open()
        world.appendFlushed(5)
        world.close()
        world.crash()
        let log = try world.open()
        #expect(log.head.last == LSN(5))
        #expect(log.recovery.remade == 0)
        #expect(log.recovery.verdict == .cleanEnd)
        #expect(try world.readAll() == world.batches)
        world.appendFlushed(1)
        #expect(try world.readAll() == world.batches)
    }

    @Test func `the tail nothing vouches for is made durable anew`() throws {
        let world = LogWorld()
        try world.open()
        world.appendFlushed(5)
        world.crash()
        let log = try world.open()
        #expect(log.head.last == LSN(5))
        #expect(log.recovery.remade == 1)
        #expect(try world.readAll() == world.batches)
        world.crash()
        #expect(try world.open().recovery.remade == 0)
        #expect(try world.readAll() == world.batches)
    }

    @Test func `segments follow one another and all of them are read`() throws {
        let world = LogWorld()
        let log = try world.open()
        world.appendFlushed(60, bytes: 3000)
        #expect(log.statistics.segments > 2)
        #expect(world.flushed == LSN(60))
        #expect(try world.readAll() == world.batches)
        world.crash()
        try world.open()
        #expect(try world.readAll() == world.batches)
    }

    @Test func `appends do not wait for a segment to be ready and none is lost`() throws {
        let world = LogWorld()
        try world.open()
        for _ in 0..<100 { world.append(bytes: 5000) }
        world.scheduler.run(for: .seconds(2))
        #expect(world.flushed == LSN(100))
        #expect(try world.readAll() == world.batches)
        world.crash()
        try world.open()
        #expect(try world.readAll() == world.batches)
    }

    @Test func `a batch larger than a segment gets a larger segment`() throws {
        let world = LogWorld()
        try world.open()
        world.appendFlushed(2)
        world.append(bytes: 300_000)
        world.scheduler.run(for: .seconds(1))
        world.appendFlushed(2)
        #expect(world.flushed == LSN(5))
        world.crash()
        try world.open()
        #expect(try world.readAll() == world.batches)
    }
}
