import ByteCoding
import Testing

@testable import WorkProtocol

struct FramingExtensionsTests {
    static func decode(_ bytes: [UInt8]) throws(FrameError) -> Extensions {
        try unsafe Extensions(decoding: bytes.span.bytes)
    }

    static func encode(_ extensions: Extensions) -> [UInt8] {
        var writer = ByteWriter()
        extensions.encode(into: &writer)
        return writer.bytes
    }

    static var orderedExtensions: Extensions {
        var extensions = FramingGoldenTests.requestExtensions
        extensions.requestID?.after = 41
        return extensions
    }

    @Test func `the size told beforehand is the size written`() throws {
        for extensions in [
            Extensions(), FramingGoldenTests.requestExtensions,
            FramingGoldenTests.responseExtensions, FramingGoldenTests.otherExtensions,
            Self.orderedExtensions,
        ] {
            let bytes = Self.encode(extensions)
            #expect(bytes.count == extensions.encodedByteCount)
            #expect(try Self.decode(bytes) == extensions)
        }
    }

    @Test func `unknown optional extensions are skipped`() throws {
        let known = Self.encode(FramingGoldenTests.requestExtensions)
        #expect(
            try Self.decode([0x70, 2, 0, 9, 9] + known + [0x71, 0, 0])
                == FramingGoldenTests.requestExtensions)
    }

    @Test func `an unknown critical extension is refused by name`() throws {
        let extensions = try Self.decode([0xC4, 1, 0, 5] + Self.encode(.init()) + [0xC5, 0, 0])
        #expect(extensions.unknownCritical == 0xC4)
        let rejection = try #require(extensions.rejection)
        #expect(rejection.reason == .unknownExtension)
        #expect(rejection.message.contains("0xC4"))
    }

    @Test(
        arguments: [
            ([0x82], 33), ([0x82, 24], 33), ([0x82, 24, 0, 1], 35), ([0x8A, 2, 0, 1, 1], 35),
            ([0x07, 1, 0, 1, 0x07, 1, 0, 1], 39), ([0x89, 2, 0, 0xC3, 0x28], 35),
            ([0x70, 0xFF, 0xFF, 0], 35), ([0x8B, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0], 43),
        ] as [([UInt8], Int)])
    func `broken extensions are refused at their byte`(bytes: [UInt8], offset: Int) throws {
        let error = try #require(throws: FrameError.self) { try Self.decode(bytes) }
        #expect(error.kind == .malformed)
        #expect(error.corruption.offset == offset, "\(error)")
    }

    @Test func `32 extensions are allowed and 33 are not`() throws {
        func many(_ count: UInt8) -> [UInt8] { (0..<count).flatMap { [0x20 + $0, 0, 0] } }
        #expect(throws: Never.self) { try Self.decode(many(32)) }
        let error = try #require(throws: FrameError.self) { try Self.decode(many(33)) }
        #expect(error.kind == .tooLarge)
    }

    @Test func `every cut of extensions is refused or shorter`() throws {
        let bytes = Self.encode(FramingGoldenTests.otherExtensions)
        for cut in 0..<bytes.count {
            let read = try? Self.decode(Array(bytes[..<cut]))
            #expect(read != FramingGoldenTests.otherExtensions)
        }
    }
}

struct FramingFailureTests {
    @Test(arguments: Reason.allCases) func `a rejection survives the wire`(reason: Reason) throws {
        var rejection = Rejection.badField("tasks[3].name", "too long")
        rejection.reason = reason
        rejection.entity = Gid(workspace: 3, low: 9)
        rejection.currentVersion = 7
        let failure = try Failure(decoding: Failure(rejection).encoded())
        #expect(Rejection(failure) == rejection)
        #expect(failure.outcome == reason.outcome && failure.retry == reason.retry)
        #expect(failure.status == reason.status && failure.status > 0 && failure.status <= 16)
    }

    @Test func `an unknown reason is a failure without advice`() {
        var failure = Failure()
        failure.reason = 4711
        #expect(Rejection(failure).reason == .failed)
        #expect(failure.status == 2)
    }

    @Test func `the node that is not primary says where it is`() {
        let failure = Failure.notPrimary(
            primary: "b.example:7400", epoch: WireEpoch(version: 4, boot: 1))
        #expect(failure.retry == .elsewhere && failure.outcome == .notExecuted)
        #expect(failure.primary == "b.example:7400" && failure.epoch.version == 4)
    }

    @Test func `versions and features are agreed on`() {
        #expect(ProtocolVersion.agreed(with: [7, 1]) == 1)
        #expect(ProtocolVersion.agreed(with: [2]) == nil)
        #expect(Features.agreed(offered: 0xFF, required: 1) == [.checksums, .lz4])
        #expect(Features.agreed(offered: 1, required: 0x80) == nil)
        #expect(Features.agreed(offered: 3, required: 0, allowed: []) == [])
    }

    @Test func `the limits fit together and all have a place in the table`() {
        #expect(Limits.areConsistent)
        #expect(Set(Limits.table.map(\.name)).count == Limits.table.count)
        #expect(Limits.table.allSatisfy { $0.value > 0 && !$0.reply.isEmpty })
    }
}
