import Microbenchmarks
import Testing

/// What is only run by hand rots: here every microbenchmark runs at a tiny size.
@Suite struct MicrobenchmarksTests {
    @Test(arguments: Microbenchmark.all)
    func `each does what it measures, once and again`(_ benchmark: Microbenchmark) throws {
        let work = try benchmark.prepare(.tiny)
        #expect(work.units > 0)
        for _ in 0..<3 {
            try work.makeReady()
            try work.run()
        }
        try work.check()
    }

    @Test(arguments: Microbenchmark.all)
    func `each notices that nothing was done`(_ benchmark: Microbenchmark) throws {
        let work = try benchmark.prepare(.tiny)
        try work.makeReady()
        #expect(throws: (any Error).self) { try work.check() }
    }

    @Test func `their names differ`() {
        let names = Microbenchmark.all.map(\.name)
        #expect(Set(names).count == names.count)
    }

    @Test func `there are samples of every hot message`() throws {
        let messages = try HotMessages()
        for name in HotMessages.names { #expect(messages[name].count > 1, "\(name)") }
    }
}
