import Microbenchmarks
import ProtobufComparison
import Testing

@Suite struct ProtobufComparisonTests {
    /// Both read the same bytes and write the same bytes, or the comparison is worth nothing.
    @Test(arguments: ProtobufComparison.all)
    func `swift-protobuf reads and writes the same bytes`(_ benchmark: Microbenchmark) throws {
        let work = try benchmark.prepare(.tiny)
        #expect(throws: (any Error).self) { try work.check() }
        try work.run()
        try work.check()
    }

    @Test func `each codec of a hot message is compared`() {
        let own = Microbenchmark.all.map(\.name).filter { name in
            HotMessages.names.contains { name.hasSuffix(" \($0)") }
        }
        #expect(own.count == 2 * HotMessages.names.count)
        #expect(ProtobufComparison.all.map(\.name) == own.map { "\($0), swift-protobuf" })
    }
}
