import ByteCoding
import Testing

@testable import WorkProtocol

struct FramingDecoderTests {
    static func request(_ stream: UInt32, _ count: Int, flags: FrameFlags = .end) -> PlainFrame {
        PlainFrame(
            FrameHeader(.request, flags: flags, code: Method.getTask.id, stream: stream),
            FramingGoldenTests.requestExtensions,
            (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ Int(stream)) })
    }

    static func batch(_ sizes: [Int], _ encoder: FrameEncoder = FrameEncoder()) -> [UInt8] {
        sizes.enumerated().flatMap { index, size in
            request(UInt32(index * 2 + 1), size).encoded(encoder)
        }
    }

    @Test(arguments: [1, 2, 3, 5, 31, 32, 33, 64, 1000, Int.max])
    func `frames come out the same whatever the reads`(step: Int) throws {
        let sizes = [0, 1, 31, 32, 33, 500, 5000, 0, 70_000]
        for features in [Features(), .checksums] {
            var decoder = FrameDecoder.opened(from: .client, features: features)
            let bytes = Self.batch(sizes, FrameEncoder(features: features))
            let frames = try decoder.frames(in: bytes, step: step)
            let expected = sizes.enumerated().map {
                Self.request(UInt32($0.offset * 2 + 1), $0.element).normal
            }
            #expect(frames.map(\.normal) == expected)
            #expect(!decoder.isMidFrame && decoder.heldBytes == 0)
        }
    }

    @Test func `a frame in two reads cut at every byte is the same frame`() throws {
        let bytes = Self.request(1, 40).encoded(FrameEncoder(features: .checksums))
        for cut in 1..<bytes.count {
            var decoder = FrameDecoder.opened(from: .client, features: .checksums)
            #expect(try decoder.frames(in: Array(bytes[..<cut])).isEmpty)
            #expect(decoder.isMidFrame)
            let frames = try decoder.frames(in: Array(bytes[cut...]))
            #expect(frames.map(\.normal) == [Self.request(1, 40).normal])
        }
    }

    @Test func `a whole frame is a view of the read`() throws {
        let bytes = Self.batch([100])
        var decoder = FrameDecoder.opened(from: .client)
        var reader = unsafe ByteReader(bytes.span.bytes)
        var address: UInt = 0
        if let frame = try decoder.next(&reader) {
            address = frame.payload.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
        }
        let start = bytes.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
        #expect(address > start && address < start + UInt(bytes.count))
    }

    @Test func `a preface that trickles in is a preface`() throws {
        var decoder = FrameDecoder(from: .client)
        let bytes = Preface.bytes + FramingFixture.named("hello", in: FramingGoldenTests.fixtures)
        #expect(try decoder.frames(in: bytes, step: 1).map(\.header.type) == [.hello])
    }

    @Test func `requests may follow HELLO in the same read`() throws {
        var decoder = FrameDecoder(from: .client)
        let hello = FramingFixture.named("hello", in: FramingGoldenTests.fixtures)
        let bytes = Preface.bytes + hello + Self.batch([300, 300])
        var reader = unsafe ByteReader(bytes.span.bytes)
        var types: [FrameType] = []
        while let frame = try decoder.next(&reader) {
            types.append(frame.header.type)
            if frame.header.type == .hello { decoder.open(features: .checksums) }
        }
        #expect(types == [.hello, .request, .request])
    }

    @Test func `after the first checksum each frame needs one`() throws {
        var decoder = FrameDecoder.opened(from: .client, features: .checksums)
        let plain = Self.request(1, 3).encoded()
        let summed = Self.request(3, 3).encoded(FrameEncoder(features: .checksums))
        #expect(try decoder.frames(in: plain + summed).count == 2)
        #expect(throws: FrameError.self) {
            try decoder.frames(in: Self.request(5, 3).encoded())
        }
    }

    @Test func `every flipped bit of a frame with a checksum is noticed`() throws {
        let bytes = Self.request(1, 12).encoded(FrameEncoder(features: .checksums))
        for bit in 0..<bytes.count * 8 {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            var decoder = FrameDecoder.opened(from: .client, features: .checksums)
            // A longer length waits for bytes that never come: what follows is taken for them.
            let frames = try? decoder.frames(in: damaged + [UInt8](repeating: 0, count: 300_000))
            #expect(frames == nil, "bit \(bit)")
        }
    }

    @Test func `unknown types from 0x80 on are passed over`() throws {
        var decoder = FrameDecoder.opened(from: .client)
        let unknown = PlainFrame(
            FrameHeader(FrameType(rawValue: 0x99)), Extensions(), [1, 2, 3])
        let bytes = unknown.encoded() + Self.request(1, 3).encoded()
        #expect(try decoder.frames(in: bytes).map(\.header.type) == [.request])
        #expect(decoder.frameCount == 2)
    }

    @Test func `large messages go in fragments and come out whole`() throws {
        for features in [Features(), .checksums] {
            let frame = Self.request(1, Limits.requestBytes)
            let bytes = frame.encoded(FrameEncoder(features: features))
            #expect(bytes.count > Limits.requestBytes + 16 * 32)
            for step in [1000, 65_600, Int.max] {
                var decoder = FrameDecoder.opened(from: .client, features: features)
                let frames = try decoder.frames(in: bytes, step: step)
                #expect(frames.map(\.normal) == [frame.normal])
                #expect(decoder.heldBytes == 0)
            }
        }
    }

    @Test func `fragments of several messages interleave`() throws {
        func pieces(_ stream: UInt32) -> [[UInt8]] {
            let payload = Self.request(stream, 90).payload
            return (0..<3).map { index in
                PlainFrame(
                    FrameHeader(
                        .request, flags: index == 2 ? .end : .more, code: Method.getTask.id,
                        stream: stream),
                    index == 0 ? FramingGoldenTests.requestExtensions : Extensions(),
                    Array(payload[(index * 30)..<(index * 30 + 30)])
                ).encoded()
            }
        }
        var decoder = FrameDecoder.opened(from: .client)
        let bytes = zip(pieces(1), pieces(3)).flatMap { $0 + $1 }
        let frames = try decoder.frames(in: bytes, step: 11)
        #expect(
            frames.map(\.payload) == [Self.request(1, 90).payload, Self.request(3, 90).payload])
        #expect(frames.allSatisfy { $0.extensions == FramingGoldenTests.requestExtensions })
    }

    @Test func `RESET forgets what came of a message`() throws {
        var decoder = FrameDecoder.opened(from: .client)
        let part = PlainFrame(FrameHeader(.request, flags: .more, stream: 1), Extensions(), [1, 2])
        _ = try decoder.frames(in: part.encoded())
        #expect(decoder.heldBytes == 2)
        _ = try decoder.frames(in: PlainFrame(FrameHeader(.reset, stream: 1)).encoded())
        #expect(decoder.heldBytes == 0)
    }

    @Test func `the writing closure gives the same bytes as a payload`() {
        for features in [Features(), .checksums, .lz4, [.checksums, .lz4]] {
            let encoder = FrameEncoder(features: features)
            for count in [0, 1, 100, 4095, 4096, 65_536, 65_537, 300_000] {
                let frame = Self.request(1, count)
                var extensions = ByteWriter()
                frame.extensions.encode(into: &extensions)
                var writer = ByteWriter()
                writer.append([1, 2, 3])
                let written = encoder.append(
                    frame.header, encodedExtensions: extensions.bytes, to: &writer
                ) { $0.append(frame.payload) }
                #expect(written == count)
                #expect(writer.bytes == [1, 2, 3] + frame.encoded(encoder))
            }
        }
    }

    @Test func `a payload that fails while it is written leaves nothing behind`() {
        var writer = ByteWriter()
        writer.append([1, 2, 3])
        #expect(throws: Rejection.notFound) {
            try FrameEncoder().append(FrameHeader(.response), to: &writer) {
                writer throws(Rejection) in
                writer.append([4, 5])
                throw .notFound
            }
        }
        #expect(writer.bytes == [1, 2, 3])
    }

    @Test func `limits are allowed and one over them is not`() throws {
        func fits(_ frame: PlainFrame, _ decoder: FrameDecoder) -> FrameError.Kind? {
            var decoder = decoder
            do { _ = try decoder.frames(in: frame.encoded()) } catch { return error.kind }
            return nil
        }
        var open = FrameDecoder.opened(from: .client)
        #expect(fits(Self.request(1, Limits.requestBytes), open) == nil)
        #expect(fits(Self.request(1, Limits.requestBytes + 1), open) == .tooLarge)
        open.messageBytes = 10
        #expect(fits(Self.request(1, 10), open) == nil)
        #expect(fits(Self.request(1, 11), open) == .tooLarge)
        let server = FrameDecoder.opened(from: .server)
        func response(_ count: Int) -> PlainFrame {
            PlainFrame(
                FrameHeader(.response, flags: .end, stream: 1), Extensions(),
                [UInt8](repeating: 7, count: count))
        }
        #expect(fits(response(Limits.responseBytes), server) == nil)
        #expect(fits(response(Limits.responseBytes + 1), server) == .tooLarge)
    }

    @Test func `unfinished messages are limited together`() throws {
        var decoder = FrameDecoder.opened(from: .client)
        let piece = [UInt8](repeating: 1, count: Limits.fragmentBytes)
        var sent = 0
        let error = try #require(throws: FrameError.self) {
            for stream in stride(from: UInt32(1), to: 4000, by: 2) {
                let frame = PlainFrame(
                    FrameHeader(.request, flags: .more, stream: stream), Extensions(), piece)
                _ = try decoder.frames(in: frame.encoded())
                sent += piece.count
            }
        }
        #expect(error.kind == .tooLarge)
        #expect(sent == Limits.unfinishedBytes)
    }

    @Test func `unfinished messages are limited in number, however empty they are`() throws {
        var decoder = FrameDecoder.opened(from: .client)
        var count = 0
        let error = try #require(throws: FrameError.self) {
            for stream in stride(from: UInt32(1), to: 4000, by: 2) {
                let frame = PlainFrame(FrameHeader(.request, flags: .more, stream: stream))
                _ = try decoder.frames(in: frame.encoded())
                count += 1
            }
        }
        #expect(error.kind == .tooLarge && error.frame == Limits.unfinishedMessages + 1)
        #expect(count == Limits.unfinishedMessages)
    }

    @Test func `what began and does not go on is noticed, and what goes on is not`() throws {
        var decoder = FrameDecoder.opened(from: .client)
        let ping = PlainFrame(FrameHeader(.ping)).encoded()
        func fragment(_ stream: UInt32, _ flags: FrameFlags) -> [UInt8] {
            PlainFrame(FrameHeader(.request, flags: flags, stream: stream)).encoded()
        }
        var mark = decoder.mark
        #expect(!decoder.isStalled(since: mark))
        _ = try decoder.frames(in: Array(ping.prefix(9)))
        #expect(!decoder.isStalled(since: mark))
        mark = decoder.mark
        #expect(decoder.isStalled(since: mark))
        _ = try decoder.frames(in: Array(ping.dropFirst(9)) + ping.prefix(9))
        #expect(!decoder.isStalled(since: mark), "another frame is under way")
        _ = try decoder.frames(in: Array(ping.dropFirst(9)) + fragment(1, .more))
        mark = decoder.mark
        _ = try decoder.frames(in: ping)
        #expect(decoder.isStalled(since: mark), "a ping is no part of it")
        _ = try decoder.frames(in: fragment(1, .more))
        #expect(!decoder.isStalled(since: mark))
        _ = try decoder.frames(in: fragment(1, .end))
        mark = decoder.mark
        #expect(!decoder.isStalled(since: mark))
    }
}
