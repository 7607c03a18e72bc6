import ByteCoding
import Testing

@testable import WorkProtocol

/// Looking at frames ahead of taking them.
struct FramingGlanceTests {
    /// What a look ahead shows: streams and payloads.
    private static func glance(
        _ decoder: FrameDecoder, _ bytes: [UInt8], most: Int = .max
    ) -> (count: Int, seen: [[UInt8]]) {
        var seen: [[UInt8]] = []
        let count = decoder.glance(at: ByteReader(bytes.span.bytes), most: most) { _, payload in
            seen.append(payload.withUnsafeBytes { [UInt8]($0) })
        }
        return (count, seen)
    }

    @Test func `a look ahead shows the whole requests of a read, at every cut`() throws {
        let samples = (1...5).map { FramingDecoderTests.request(UInt32($0), $0 * 37) }
        let frames = samples.map { $0.encoded() }
        let bytes = Array(frames.joined())
        let decoder = FrameDecoder.opened(from: .client)
        for end in 0...bytes.count {
            var whole = 0
            var length = 0
            while whole < frames.count, length + frames[whole].count <= end {
                length += frames[whole].count
                whole += 1
            }
            let (count, seen) = Self.glance(decoder, Array(bytes[..<end]))
            #expect(count == whole)
            #expect(seen == samples[..<whole].map(\.payload))
        }
        #expect(Self.glance(decoder, bytes, most: 2).seen == samples[..<2].map(\.payload))
    }

    @Test func `a look ahead shows nothing before the greeting is over or within a frame`() throws {
        let bytes = FramingDecoderTests.request(1, 40).encoded()
        #expect(Self.glance(FrameDecoder(from: .client), bytes).count == 0)
        var decoder = FrameDecoder.opened(from: .client)
        #expect(try decoder.frames(in: Array(bytes[..<50])).isEmpty)
        #expect(Self.glance(decoder, bytes).count == 0)
    }

    @Test func `a look ahead at any bytes never traps`() {
        let seed = UInt64.random(in: 0 ... .max)
        print("look ahead at any bytes: seed \(seed)")
        var numbers = SeededNumbers(seed: seed)
        let corpus = FramingHostileTests.corpus([])
        var shown = 0
        for _ in 0..<5_000 {
            var bytes: [UInt8] = []
            for _ in 0..<3 {
                bytes += corpus[Int.random(in: 0..<corpus.count, using: &numbers)]
            }
            if Bool.random(using: &numbers) { FramingHostileTests.mutate(&bytes, &numbers) }
            let decoder = FrameDecoder.opened(from: .client)
            shown += Self.glance(decoder, bytes, most: 16).seen.count
        }
        #expect(shown > 0, "seed \(seed)")
    }
}
