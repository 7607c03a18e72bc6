import ByteCoding
import Testing

@testable import WorkProtocol

struct FramingCompressionTests {
    static func text(_ count: Int) -> PlainFrame {
        PlainFrame(
            FrameHeader(.response, flags: .end, stream: 1),
            FramingGoldenTests.responseExtensions,
            (0..<count).map { UInt8(truncatingIfNeeded: 97 + $0 % 7) })
    }

    /// A frame whose payload says it is compressed.
    static func compressed(_ rawSize: UInt32, _ block: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        writer.append(fixed: rawSize)
        writer.append(block)
        return PlainFrame(
            FrameHeader(.response, flags: [.end, .lz4], stream: 1), Extensions(), writer.bytes
        ).encoded()
    }

    @Test(arguments: [4096, 5000, 70_000, 1 << 20, 4 << 20], [1000, Int.max])
    func `compressed messages come out as they went in`(count: Int, step: Int) throws {
        let frame = Self.text(count)
        let bytes = frame.encoded(FrameEncoder(features: [.lz4, .checksums]))
        #expect(bytes.count < count / 2)
        var decoder = FrameDecoder.opened(from: .server, features: [.lz4, .checksums])
        let frames = try decoder.frames(in: bytes, step: step)
        #expect(frames.map(\.payload) == [frame.payload])
        #expect(frames.map(\.extensions) == [frame.extensions])
    }

    @Test func `small messages and those that do not shrink stay as they are`() {
        let encoder = FrameEncoder(features: .lz4)
        #expect(Self.text(4095).encoded(encoder) == Self.text(4095).encoded())
        var numbers = SeededNumbers(seed: 1)
        let noise = PlainFrame(
            FrameHeader(.response, flags: .end, stream: 1), Extensions(), numbers.bytes(10_000))
        #expect(noise.encoded(encoder) == noise.encoded())
    }

    @Test func `frames that may carry tokens are never compressed`() {
        let hello = PlainFrame(
            FrameHeader(.hello), Extensions(), [UInt8](repeating: 7, count: 10_000))
        #expect(hello.encoded(FrameEncoder(features: .lz4)) == hello.encoded())
    }

    @Test func `a raw length is believed only as far as limits and block allow`() throws {
        let block = LZ4.compress([UInt8](repeating: 9, count: 100_000))
        func reaction(_ rawSize: UInt32, _ block: [UInt8]) -> FrameError? {
            var decoder = FrameDecoder.opened(from: .server, features: .lz4)
            decoder.messageBytes = 100_000
            do throws(FrameError) {
                _ = try decoder.frames(in: Self.compressed(rawSize, block))
                return nil
            } catch { return error }
        }
        #expect(reaction(100_000, block) == nil)
        #expect(reaction(100_001, block)?.kind == .tooLarge)
        #expect(reaction(.max, block)?.kind == .tooLarge)
        #expect(reaction(5_101, Array(block[..<20]))?.kind == .tooLarge)
        #expect(reaction(99_999, block)?.kind == .malformed)
        #expect(reaction(5_000, [0xFF] + [UInt8](repeating: 0xFF, count: 40))?.kind == .malformed)
        let short = PlainFrame(
            FrameHeader(.response, flags: [.end, .lz4], stream: 1), Extensions(), [1, 2, 3])
        var decoder = FrameDecoder.opened(from: .server, features: .lz4)
        #expect(throws: FrameError.self) { try decoder.frames(in: short.encoded()) }
    }
}
