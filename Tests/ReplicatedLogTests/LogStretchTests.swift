import Environment
import ReplicatedLog
import Simulation
import Testing

/// Reading the log away from the core queue, and how much of it there is after a point.
struct LogStretchTests {
    @Test func `a stretch is what the log itself reads, from any record to any other`() throws {
        let world = LogWorld()
        let log = try world.open()
        for index in 0..<40 { world.append(records: 1 + index % 4, bytes: 1500) }
        world.scheduler.run(for: .seconds(1))
        #expect(log.statistics.segments > 2)
        let last = log.flushed.rawValue
        for (from, through) in [(1, last), (2, 3), (17, 17), (30, last + 9), (last, last)] {
            let stretch = try #require(try log.stretch(from: LSN(from), through: LSN(through)))
            let read = try #require(try stretch.read())
            let expected = world.batches.filter {
                $0.last >= LSN(from) && $0.first <= LSN(through)
            }
            #expect(read.batches == expected, "\(from) through \(through)")
            #expect(read.before.last.next == expected.first?.first)
            #expect(read.before.chain == expected.first?.previousChain)
        }
        #expect(try log.stretch(from: LSN(last + 1), through: LSN(last + 9)) == nil)
    }

    @Test func `a stretch reads the same while the log goes on and rotates`() throws {
        let world = LogWorld()
        let log = try world.open()
        world.appendFlushed(20, bytes: 3000)
        let stretch = try #require(try log.stretch(from: LSN(5), through: LSN(12)))
        let before = try stretch.read()
        world.appendFlushed(60, bytes: 3000)
        #expect(try stretch.read() == before)
        #expect(before?.batches == Array(world.batches[4..<12]))
    }

    @Test func `what is not flushed is in no stretch`() throws {
        let world = LogWorld()
        let log = try world.open()
        world.appendFlushed(3)
        world.append()
        let stretch = try #require(try log.stretch(from: LSN(1), through: LSN(9)))
        #expect(try stretch.read()?.batches == Array(world.batches[..<3]))
        #expect(try log.stretch(from: LSN(4), through: LSN(9)) == nil)
    }

    @Test func `a stretch that was trimmed says so, and so does one whose bytes changed`() throws {
        let world = LogWorld()
        let log = try world.open()
        world.appendFlushed(60, bytes: 3000)
        let early = try #require(try log.stretch(from: LSN(2), through: LSN(4)))
        let late = try #require(try log.stretch(from: LSN(59), through: LSN(60)))
        log.trim(before: LSN(50))
        world.scheduler.run(for: .seconds(1))
        #expect(throws: LogFailure.gone(oldest: log.oldest)) {
            try log.stretch(from: LSN(2), through: LSN(4))
        }
        #expect(throws: LogFailure.self) { try early.read() }
        let segment = try #require(world.disk.paths.filter { $0.hasSuffix(".seg") }.max())
        world.disk.damage(segment) { bytes in
            for index in bytes.indices.dropFirst(4096) { bytes[index] ^= 0x55 }
        }
        #expect(throws: LogFailure.self) { try late.read() }
    }

    @Test func `bytes after a point are counted to within a mark, also after a restart`() throws {
        let world = LogWorld(options: LogOptions(segmentBytes: 2 << 20))
        var log = try world.open()
        world.appendFlushed(600, bytes: 6000)
        let each = 8192
        for _ in 0..<2 {
            #expect(log.statistics.segments > 1)
            #expect(log.bytes(after: log.head.last) <= 256 << 10)
            for point in [0, 100, 333, 599] {
                let written = (600 - point) * each
                let counted = log.bytes(after: LSN(UInt64(point)))
                #expect((written...(written + 256 << 10)).contains(counted), "after \(point)")
            }
            world.crash()
            log = try world.open()
        }
    }
}
