import ByteCoding
import Foundation
import Testing

@testable import WorkProtocol

/// What `Formats-Wire.md` tells people who write clients is what the code does.
@Suite struct WirePageTests {
    private let page: String

    init() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let path = "Sources/StoreNode/StoreNode.docc/Formats-Wire.md"
        page = try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// The blocks of bytes, in the page's order.
    private var blocks: [[UInt8]] {
        page.components(separatedBy: "```").enumerated().filter { $0.offset % 2 == 1 }.map {
            $0.element.split(separator: "\n").flatMap { line in
                line.split(separator: ";")[0].split(separator: " ").compactMap {
                    UInt8($0, radix: 16)
                }
            }
        }
    }

    /// The rows of the table below a heading line, as cells.
    private func rows(after head: String) -> [[String]] {
        guard let start = page.range(of: head) else { return [] }
        return page[start.upperBound...].split(separator: "\n", omittingEmptySubsequences: false)
            .dropFirst(2).prefix { $0.hasPrefix("|") }.map { line in
                line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
                    .map { $0.trimmingCharacters(in: .whitespaces) }
            }
    }

    private static func bytes(
        _ header: FrameHeader, _ message: some Message, _ extensions: Extensions = Extensions(),
        features: Features = .checksums
    ) -> [UInt8] {
        PlainFrame(header, extensions, message.encoded())
            .encoded(FrameEncoder(features: features))
    }

    private static var hello: Hello {
        var hello = Hello()
        hello.versions = [1]
        hello.features = Features.checksums.rawValue
        hello.clientName = "doc"
        hello.token = "hft_example"
        return hello
    }

    private static var helloOk: HelloOk {
        var hello = HelloOk()
        hello.version = 1
        hello.features = Features.checksums.rawValue
        hello.epochVersion = 9
        hello.epochBoot = 2
        hello.role = "primary"
        hello.maxStreams = 512
        hello.initialCredit = 262_144
        hello.serverTime = 1_790_000_000_000
        return hello
    }

    @Test func `the example is what this program sends`() throws {
        var request = Extensions()
        request.requestID = RequestID(
            time: 1_790_000_000_000, random: (0x0102, 0x0304_0506_0708_090A), sequence: 1)
        request.requestID?.acknowledged = 1
        var task = CreateTask()
        task.name = "cake"
        var response = Extensions()
        response.position = PositionToken(Array(0..<16))
        response.standing = .init(epoch: WireEpoch(version: 9, boot: 2), replicas: 2)
        var changed = Changed()
        changed.gid = 4_294_967_301
        changed.version = 1
        let failure = Failure(
            .unknownMethod, "This node knows no such method; it may be older.",
            epoch: WireEpoch(version: 9, boot: 2))
        let frames = [
            Preface.bytes + Self.bytes(FrameHeader(.hello), Self.hello, features: []),
            Self.bytes(FrameHeader(.helloOk), Self.helloOk, features: []),
            Self.bytes(
                FrameHeader(
                    .request, flags: .end, code: Method.createTask.id, stream: 1, aux: 2500,
                    route: 1), task, request),
            Self.bytes(FrameHeader(.response, flags: .end, stream: 1), changed, response),
            Self.bytes(
                FrameHeader(.response, flags: .end, code: failure.status, stream: 3), failure),
            Self.bytes(FrameHeader(.credit, stream: 5, aux: 131_072), Ping()),
            Self.bytes(FrameHeader(.reset, code: StatusCode.cancelled, stream: 5), Ping()),
        ]
        #expect(blocks.count == frames.count)
        for (block, frame) in zip(blocks, frames) { #expect(block == frame) }
    }

    @Test func `the example is what this program reads`() throws {
        var client = FrameDecoder(from: .client)
        #expect(try client.frames(in: blocks[0]).map(\.header.type) == [.hello])
        client.open(features: .checksums)
        let asked = try client.frames(in: blocks[2] + blocks[5] + blocks[6])
        #expect(asked.map(\.header.type) == [.request, .credit, .reset])
        #expect(asked[0].extensions.requestID?.created == 1_790_000_000_000)
        var server = FrameDecoder(from: .server)
        #expect(try server.frames(in: blocks[1]).map(\.header.type) == [.helloOk])
        server.open(features: .checksums)
        #expect(try server.frames(in: blocks[3] + blocks[4]).map(\.header.code) == [0, 12])
    }

    @Test func `the table of reasons is the code's`() throws {
        let rows = rows(after: "| reason | name | status | outcome | retry |")
        #expect(rows.count == Reason.allCases.count)
        for (row, reason) in zip(rows, Reason.allCases) {
            let outcome =
                switch reason.outcome {
                case .notExecuted: "NOT_EXECUTED"
                case .unknown: "UNKNOWN"
                case .executed: "EXECUTED"
                }
            let retry =
                switch reason.retry {
                case .never: "NEVER"
                case .backoff: "BACKOFF"
                case .elsewhere: "ELSEWHERE"
                case .afterFix: "AFTER_FIX"
                }
            #expect(
                [row[0], row[2], row[3], row[4]]
                    == ["\(reason.rawValue)", "\(reason.status)", outcome, retry])
            let name = row[1].lowercased().filter { $0 != " " }
            #expect(name == "\(reason)".lowercased())
        }
    }

    @Test func `the table of limits is the code's`() {
        let rows = rows(after: "| limit | value | breaking it gets |")
        let expected = Limits.table.map { limit in
            [limit.name, "\(limit.value) \(limit.unit)".trimmingCharacters(in: .whitespaces)]
                + [limit.reply]
        }
        let found = rows.map { [$0[0], $0[1].filter { $0 != "," }, $0[2]] }
        #expect(found == expected)
    }

    @Test func `the table of types is the code's`() {
        let rows = rows(after: "| type | name | sent by | stream | payload |")
        #expect(rows.count == 12)
        for row in rows {
            #expect(UInt8(row[0], radix: 16).map { "\(FrameType(rawValue: $0))" } == row[1])
        }
    }
}
