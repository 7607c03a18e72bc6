import ByteCoding
import Testing

@testable import WorkProtocol

struct FramingGoldenTests {
    static let fixtures = FramingFixture.all("hfp1-frames.txt", "frame")
    static let refused = FramingFixture.all("hfp1-refused.txt", "refused")

    static let session: (high: UInt64, low: UInt64) = (0x0190_a5b3_c2d1_0102, 0x0304_0506_0708_090A)

    /// What each golden frame says, in this program's values.
    static let meanings: [(name: String, features: Features, frame: PlainFrame)] = [
        ("ping", [], PlainFrame(FrameHeader(.ping, aux: 7))),
        ("pong with checksum", .checksums, PlainFrame(FrameHeader(.pong, aux: 7))),
        ("hello", [], PlainFrame(FrameHeader(.hello), Extensions(), hello.encoded())),
        (
            "create task", [],
            PlainFrame(
                FrameHeader(
                    .request, flags: [.end, .retry], code: Method.createTask.id, stream: 5,
                    aux: 2500, route: 3),
                requestExtensions, task.encoded())
        ),
        (
            "response", .checksums,
            PlainFrame(
                FrameHeader(.response, flags: .end, stream: 5, route: 5017), responseExtensions,
                changed.encoded())
        ),
        (
            "every other extension", [],
            PlainFrame(
                FrameHeader(
                    .request, flags: [.end, .followerOK, .sampled], code: Extensions.namedMethod,
                    stream: 7, route: 0x3_0000_0001), otherExtensions)
        ),
        ("credit", [], PlainFrame(FrameHeader(.credit, stream: 9, aux: 262_144))),
        ("reset", [], PlainFrame(FrameHeader(.reset, code: StatusCode.cancelled, stream: 9))),
        (
            "data, raw", [],
            PlainFrame(
                FrameHeader(.data, stream: 9, encoding: .raw), Extensions(), Array("a,b\r\n".utf8))
        ),
        (
            "goaway", [],
            PlainFrame(FrameHeader(.goAway, code: 303), Extensions(), goAway.encoded())
        ),
        (
            "first fragment", [],
            PlainFrame(
                FrameHeader(.request, flags: .more, code: 0x0601, stream: 11), Extensions(),
                [0x0A, 4, 0x73, 0x68])
        ),
        (
            "last fragment", [],
            PlainFrame(
                FrameHeader(.request, flags: .end, code: 0x0601, stream: 11), Extensions(),
                [0x69, 0x70])
        ),
        (
            "between nodes", [],
            PlainFrame(
                FrameHeader(FrameType(rawValue: 0x21)), Extensions(), Array("opaque".utf8))
        ),
    ]

    static var hello: Hello {
        var hello = Hello()
        hello.versions = [1]
        hello.clientName = "test"
        return hello
    }
    static var task: CreateTask {
        var task = CreateTask()
        task.name = "ship"
        return task
    }
    static var changed: Changed {
        var changed = Changed()
        changed.gid = 12_884_901_930
        return changed
    }
    static var goAway: GoAway {
        var goAway = GoAway()
        goAway.reason = 303
        return goAway
    }
    static var requestExtensions: Extensions {
        var extensions = Extensions()
        extensions.requestID = RequestID(
            high: session.high, low: session.low, sequence: 42, acknowledged: 41)
        extensions.minimumReplicas = 2
        return extensions
    }
    static var responseExtensions: Extensions {
        var extensions = Extensions()
        extensions.position = PositionToken(Array(0..<16))
        extensions.standing = Extensions.Standing(
            epoch: WireEpoch(version: 9, boot: 2), replicas: 2, workspacePosition: 1007)
        return extensions
    }
    static var otherExtensions: Extensions {
        var extensions = Extensions()
        extensions.trace = Array("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".utf8)
        extensions.highestEpoch = WireEpoch(version: 9, boot: 2)
        extensions.priority = .batch
        extensions.cost = Extensions.Cost(spent: 3, left: 997)
        extensions.minimumPosition = PositionToken(Array(16..<32))
        extensions.methodName = "Tasks/GetTask"
        return extensions
    }

    @Test func `every golden frame has a meaning here`() {
        #expect(Self.fixtures.map(\.name) == Self.meanings.map(\.name))
    }

    @Test(arguments: 0..<13) func `golden frames are written byte by byte`(index: Int) {
        let (name, features, frame) = Self.meanings[index]
        let golden = FramingFixture.named(name, in: Self.fixtures)
        #expect(frame.encoded(FrameEncoder(features: features)) == golden, "\(name)")
    }

    @Test(arguments: 0..<13) func `golden frames are read`(index: Int) throws {
        let (name, features, frame) = Self.meanings[index]
        if name.hasSuffix("fragment") { return }
        let sender: FrameDecoder.Sender =
            frame.header.type.isPeer ? .peer : frame.header.type == .response ? .server : .client
        var decoder = FrameDecoder.opened(from: sender, features: features)
        if frame.header.type == .hello { decoder = FrameDecoder(from: .client) }
        let golden =
            (frame.header.type == .hello ? Preface.bytes : [])
            + FramingFixture.named(name, in: Self.fixtures)
        #expect(try decoder.frames(in: golden).map(\.normal) == [frame.normal], "\(name)")
    }

    @Test func `golden fragments are put together`() throws {
        var decoder = FrameDecoder.opened(from: .client)
        let bytes =
            FramingFixture.named("first fragment", in: Self.fixtures)
            + FramingFixture.named("ping", in: Self.fixtures)
            + FramingFixture.named("last fragment", in: Self.fixtures)
        let frames = try decoder.frames(in: bytes)
        #expect(frames.map(\.header.type) == [.ping, .request])
        #expect(frames.last?.payload == Self.task.encoded())
        #expect(frames.last?.header.flags == .end)
        #expect(decoder.heldBytes == 0)
    }

    @Test(arguments: FramingGoldenTests.refused, [1, 7, Int.max])
    func `frames that must be refused are refused as the fixture says`(
        fixture: FramingFixture, step: Int
    ) throws {
        let words = fixture.notes.split(separator: " ").map {
            $0.trimmingCharacters(in: [",", ":"])
        }
        let (sender, state, kind) = (words[1], words[2], words[3])
        let (frame, offset) = (Int(words[5]) ?? -1, Int(words[7]) ?? -1)
        var decoder = FrameDecoder(from: sender == "client" ? .client : .server)
        if state != "connecting", sender == "client" { _ = try decoder.frames(in: Preface.bytes) }
        if state == "open" { decoder.open() }
        do {
            let frames = try decoder.frames(in: fixture.bytes, step: step)
            Issue.record("\(fixture.name): taken as \(frames)")
        } catch {
            #expect(Self.name(of: error.kind) == kind, "\(fixture.name): \(error)")
            #expect(error.frame == frame, "\(fixture.name): \(error)")
            #expect(error.corruption.offset == offset, "\(fixture.name): \(error)")
            #expect((error.foreignAnswer != nil) == ["tls", "http", "unknown"].contains(kind))
            #expect(throws: error) { try decoder.frames(in: [0]) }
        }
    }

    static func name(of kind: FrameError.Kind) -> String {
        switch kind {
        case .foreign(.tls): "tls"
        case .foreign(.http): "http"
        case .foreign(.unknown): "unknown"
        case .tooLarge: "tooLarge"
        case .malformed: "malformed"
        case .checksum: "checksum"
        }
    }
}
