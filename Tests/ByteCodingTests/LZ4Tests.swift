import ByteCoding
import Foundation
import Testing

@Suite struct LZ4Tests {
    /// Sizes around the ends of LZ4's cases: no match fits in 12 bytes, a token holds 15 literals.
    static let sizes = Array(0...70) + [254, 255, 256, 270, 271, 65_535, 65_536, 300_000]

    @Test(arguments: sizes)
    func `a block comes back, whether it compresses or not`(size: Int) throws {
        var random = SeededBytes(seed: UInt64(size))
        for bytes in [
            random.noise(size), random.prose(size), [UInt8](repeating: 7, count: size),
        ] {
            let block = LZ4.compress(bytes)
            let back = try LZ4.decompress(block, rawSize: bytes.count, limit: bytes.count)
            #expect(back == bytes)
        }
    }

    @Test func `a block by the specification is understood`() throws {
        // Five literals and no match.
        let literals: [UInt8] = [0x50] + Array("hello".utf8)
        #expect(try LZ4.decompress(literals, rawSize: 5, limit: 5) == Array("hello".utf8))
        // One literal, a match 1 back of 4 + 15 + 11 bytes, and five literals.
        let run: [UInt8] = [0x1F, 0x61, 0x01, 0x00, 0x0B, 0x50] + Array("tails".utf8)
        #expect(
            try LZ4.decompress(run, rawSize: 36, limit: 36)
                == Array((String(repeating: "a", count: 31) + "tails").utf8))
    }

    @Test func `a block of another size than said is refused`() throws {
        var random = SeededBytes(seed: 3)
        let bytes = random.prose(500)
        let block = LZ4.compress(bytes)
        for size in [0, 1, bytes.count - 1, bytes.count + 1, bytes.count * 2] {
            #expect(throws: Corruption.self) {
                try LZ4.decompress(block, rawSize: size, limit: 10_000)
            }
        }
    }

    @Test func `a truncated block is refused, and a changed one does no harm`() throws {
        var random = SeededBytes(seed: 4)
        let bytes = random.prose(400)
        var block = LZ4.compress(bytes)
        for count in 0..<block.count {
            #expect(throws: Corruption.self) {
                try LZ4.decompress(Array(block[..<count]), rawSize: bytes.count, limit: 1_000)
            }
        }
        for bit in 0..<(block.count * 8) {
            block[bit / 8] ^= 1 << UInt8(bit % 8)
            // A block has no checksum: it may expand to something else, of the size said.
            let other = try? LZ4.decompress(block, rawSize: bytes.count, limit: 1_000)
            #expect(other.map { $0.count == bytes.count } != false)
            block[bit / 8] ^= 1 << UInt8(bit % 8)
        }
    }

    @Test(arguments: [-1, 1_001, Int.max, .min])
    func `a size past the limit, or below zero, is refused`(size: Int) {
        let block = LZ4.compress([UInt8](repeating: 0, count: 5_000))
        #expect(throws: Corruption.self) {
            try LZ4.decompress(block, rawSize: size, limit: 1_000)
        }
    }

    @Test func `a size that the block cannot reach is refused before memory is taken`() {
        let corruption = #expect(throws: Corruption.self) {
            try LZ4.decompress([0x10, 0x61], rawSize: 1 << 30, limit: 1 << 31)
        }
        #expect(corruption?.expected.contains("can expand to") == true)
    }

    @Test func `appending to a writer keeps what is there`() throws {
        var writer = ByteWriter()
        writer.append(utf8: "head")
        LZ4.compress(Array("body body body body body body".utf8).span.bytes, into: &writer)
        let block = Array(writer.bytes[4...])
        var back = ByteWriter()
        back.append(utf8: "head")
        try LZ4.decompress(block.span.bytes, rawSize: 29, limit: 29, into: &back)
        #expect(back.bytes == Array("headbody body body body body body".utf8))
        #expect(throws: Corruption.self) {
            try LZ4.decompress([0xFF, 0xFF].span.bytes, rawSize: 29, limit: 29, into: &back)
        }
        #expect(back.count == 33)
    }
}

@Suite struct LZ4FrameTests {
    @Test(arguments: [0, 1, 12, 13, 65_536, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
    func `a frame comes back`(size: Int) throws {
        var random = SeededBytes(seed: UInt64(size))
        for bytes in [random.noise(size), random.prose(size)] {
            let frame = LZ4.compressFrame(bytes)
            #expect(try LZ4.decompressFrame(frame, limit: bytes.count) == bytes)
        }
    }

    @Test(arguments: [0, 1, 100_000, 1 << 20, 3 << 20 + 5])
    func `a frame of pieces is that of all of them together`(size: Int) throws {
        var random = SeededBytes(seed: UInt64(size))
        let bytes = random.prose(size)
        var writer = LZ4.FrameWriter(contentSize: bytes.count)
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(1 + Int(random.next() % 400_000))
            writer.append([UInt8](piece))
            rest = rest.dropFirst(piece.count)
        }
        #expect(writer.finish() == LZ4.compressFrame(bytes))
    }

    @Test func `a frame begins as the specification says`() {
        let frame = LZ4.compressFrame([UInt8](repeating: 7, count: 3 << 20))
        #expect(frame.prefix(4) == [0x04, 0x22, 0x4D, 0x18])
        // Version 1, independent blocks, block checksums, content size, content checksum.
        #expect(frame[4] == 0b0111_1100)
        // Blocks of at most 1 MiB.
        #expect(frame[5] == 0b0110_0000)
        #expect(Array(frame[6..<14]) == [0, 0, 0x30, 0, 0, 0, 0, 0])
    }

    @Test func `every truncation of a frame is refused, and bytes behind it`() {
        var random = SeededBytes(seed: 5)
        for bytes in [[], random.prose(1_000), random.noise(200)] {
            let frame = LZ4.compressFrame(bytes)
            for count in 0..<frame.count {
                #expect(throws: Corruption.self) {
                    try LZ4.decompressFrame(Array(frame[..<count]), limit: 10_000)
                }
            }
            #expect(throws: Corruption.self) {
                try LZ4.decompressFrame(frame + [0], limit: 10_000)
            }
        }
    }

    @Test func `every flip of one bit is noticed`() {
        var random = SeededBytes(seed: 6)
        for bytes in [random.prose(1_500), random.noise(100)] {
            var frame = LZ4.compressFrame(bytes)
            for bit in 0..<(frame.count * 8) {
                frame[bit / 8] ^= 1 << UInt8(bit % 8)
                #expect(throws: Corruption.self, "bit \(bit)") {
                    try LZ4.decompressFrame(frame, limit: 1 << 40)
                }
                frame[bit / 8] ^= 1 << UInt8(bit % 8)
            }
        }
    }

    @Test func `a frame of more than the limit is refused`() throws {
        let bytes = [UInt8](repeating: 1, count: 10_000)
        let frame = LZ4.compressFrame(bytes)
        #expect(try LZ4.decompressFrame(frame, limit: 10_000) == bytes)
        #expect(throws: Corruption.self) { try LZ4.decompressFrame(frame, limit: 9_999) }
    }

    @Test func `a frame without sizes and checksums is refused`() {
        // As `lz4 --no-frame-crc` writes "hello": neither content size nor content checksum.
        let frame: [UInt8] =
            [0x04, 0x22, 0x4D, 0x18, 0x60, 0x40, 0x82, 5, 0, 0, 0x80] + Array("hello".utf8)
            + [0, 0, 0, 0]
        let corruption = #expect(throws: Corruption.self) {
            try LZ4.decompressFrame(frame, limit: 10)
        }
        #expect(corruption?.expected.contains("checksums") == true)
    }

    static let program: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "")
        .split(separator: ":").map { "\($0)/lz4" }
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    @Test(
        .enabled(if: program != nil, "there is no program lz4 here"), arguments: [0, 10, 5 << 20])
    func `lz4 -d opens our frames`(size: Int) throws {
        var random = SeededBytes(seed: 7)
        let bytes = random.prose(size)
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("holdfast-lz4-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let packed = folder.appendingPathComponent("c-00001.lz4")
        try Data(LZ4.compressFrame(bytes)).write(to: packed)

        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.program))
        process.arguments = ["-d", "-q", packed.path, folder.appendingPathComponent("raw").path]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let raw = try Data(contentsOf: folder.appendingPathComponent("raw"))
        #expect([UInt8](raw) == bytes)
    }

    @Test(.enabled(if: program != nil, "there is no program lz4 here"))
    func `we open what lz4 writes with our settings`() throws {
        var random = SeededBytes(seed: 8)
        let bytes = random.prose(3 << 20)
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("holdfast-lz4-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let raw = folder.appendingPathComponent("raw")
        try Data(bytes).write(to: raw)

        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.program))
        process.arguments = ["-q", "-B6", "-BX", "--content-size", raw.path, raw.path + ".lz4"]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let frame = try Data(contentsOf: URL(fileURLWithPath: raw.path + ".lz4"))
        #expect(try LZ4.decompressFrame([UInt8](frame), limit: bytes.count) == bytes)
    }
}
