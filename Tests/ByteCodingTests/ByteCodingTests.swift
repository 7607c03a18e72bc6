import ByteCoding
import Testing

@Suite struct ByteCodingTests {
    /// Around every power of two, and so around every length of a varint.
    static let varints: [UInt64] = (0..<64).flatMap { shift -> [UInt64] in
        let power = UInt64(1) << UInt64(shift)
        return [power - 1, power, power &+ 1, 0 &- power]
    }

    @Test(arguments: varints)
    func `a variable-length integer comes back, and is as long as said`(value: UInt64) throws {
        var writer = ByteWriter()
        writer.append(varint: value)
        #expect(writer.count == ByteWriter.width(ofVarint: value))
        let bytes = writer.bytes
        // Alone, and with bytes behind it: the two ways it is read.
        for tail in [0, 16] {
            let padded = bytes + [UInt8](repeating: 0xFF, count: tail)
            var reader = ByteReader(padded.span.bytes)
            #expect(try reader.varint() == value)
            #expect(reader.offset as Int == bytes.count)
        }
    }

    @Test(arguments: varints)
    func `a variable-length integer that breaks off is refused`(value: UInt64) {
        var writer = ByteWriter()
        writer.append(varint: value)
        for count in 0..<writer.count {
            let part = Array(writer.bytes[..<count])
            #expect(throws: Corruption.self) {
                var reader = ByteReader(part.span.bytes)
                _ = try reader.varint()
            }
        }
    }

    @Test func `a variable-length integer of more than 64 bits is refused`() {
        let long = [UInt8](repeating: 0x80, count: 9)
        for (last, tail) in [(2, 0), (2, 10), (0x80, 0), (0x81, 10), (0xFF, 10)] as [(UInt8, Int)] {
            let bytes = long + [last] + [UInt8](repeating: 0, count: tail)
            #expect(throws: Corruption.self) {
                var reader = ByteReader(bytes.span.bytes)
                _ = try reader.varint()
            }
        }
    }

    /// One of everything, in the order `read` reads it.
    private static func written() -> [UInt8] {
        var writer = ByteWriter()
        writer.append(0xA5)
        writer.append(fixed: UInt16(0x1234))
        writer.append(fixed: Int32(-5))
        writer.append(fixed: UInt64.max - 1)
        writer.append(varint: 300)
        writer.appendLengthDelimited { $0.append(utf8: "Käse") }
        writer.appendLengthDelimited { $0.append([1, 2, 3]) }
        writer.appendLengthDelimited {
            $0.append(varint: 7)
            $0.appendLengthDelimited { $0.append(zeroes: 4) }
        }
        return writer.bytes
    }

    private static func read(_ bytes: [UInt8]) throws {
        var reader = ByteReader(bytes.span.bytes)
        #expect(try reader.byte() == 0xA5)
        #expect(try reader.fixed(UInt16.self) == 0x1234)
        #expect(try reader.fixed(Int32.self) == -5)
        #expect(try reader.fixed(UInt64.self) == .max - 1)
        #expect(try reader.varint() == 300)
        #expect(try reader.text() == "Käse")
        #expect(try reader.blob() == [1, 2, 3])
        let outer = try reader.enter()
        #expect(try reader.varint() == 7)
        let middle = try reader.enter()
        #expect(try reader.array(4) == [0, 0, 0, 0])
        let isAtEnd = reader.isAtEnd
        #expect(isAtEnd)
        reader.leave(middle)
        reader.leave(outer)
        let rest = reader.remaining
        #expect(rest == 0)
    }

    @Test func `what was written is read`() throws {
        try Self.read(Self.written())
    }

    @Test func `every truncation is refused, and at an offset within the bytes`() {
        let bytes = Self.written()
        for count in 0..<bytes.count {
            let corruption = #expect(throws: Corruption.self) {
                try Self.read(Array(bytes[..<count]))
            }
            #expect(corruption.map { (0...count).contains($0.offset) } == true)
        }
    }

    @Test(arguments: [0, 1, 127, 128, 129, 16383, 16384, 2_097_151, 2_097_152])
    func `a length is as short as can be, whatever its content`(count: Int) throws {
        var writer = ByteWriter()
        writer.append(0x77)
        writer.appendLengthDelimited {
            for index in 0..<count { $0.append(UInt8(truncatingIfNeeded: index)) }
        }
        #expect(writer.count == 1 + ByteWriter.width(ofVarint: UInt64(count)) + count)
        let bytes = writer.bytes
        var reader = ByteReader(bytes.span.bytes)
        #expect(try reader.byte() == 0x77)
        #expect(try reader.blob() == (0..<count).map { UInt8(truncatingIfNeeded: $0) })
    }

    @Test(arguments: [5, 127, 128, 1 << 20, UInt64(Int.max), UInt64(Int.max) + 1, .max])
    func `a length past the end is refused before anything is made`(length: UInt64) {
        var writer = ByteWriter()
        writer.append(varint: length)
        writer.append([1, 2, 3, 4])
        let bytes = writer.bytes
        for read in [
            { reader in _ = try reader.blob() }, { reader in _ = try reader.text() },
            { reader in _ = try reader.enter() },
        ] as [(inout ByteReader) throws -> Void] {
            #expect(throws: Corruption.self) {
                var reader = ByteReader(bytes.span.bytes)
                try read(&reader)
            }
        }
    }

    @Test(arguments: [5, Int.max, -1, .min])
    func `a count past the end, or below zero, is refused`(count: Int) {
        let bytes: [UInt8] = [1, 2, 3, 4]
        for read in [
            { reader in _ = try reader.array(count) }, { reader in _ = try reader.string(count) },
            { reader in try reader.skip(count) },
            { reader in _ = try reader.span(count).byteCount },
        ] as [(inout ByteReader) throws -> Void] {
            #expect(throws: Corruption.self) {
                var reader = ByteReader(bytes.span.bytes)
                try read(&reader)
            }
        }
    }

    @Test func `a part cannot reach past the part it is in`() throws {
        // A part of 2 bytes whose own part claims 3, which the whole would have.
        let bytes: [UInt8] = [2, 3, 9, 9, 9]
        var reader = ByteReader(bytes.span.bytes)
        _ = try reader.enter()
        do throws(Corruption) {
            _ = try reader.enter()
            Issue.record("the inner part was entered")
        } catch {
            #expect(error.offset == 2)
        }
    }

    @Test(
        arguments: [
            [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80], [0xC3], [0xFF],
            [0x41, 0xE2, 0x82],
        ] as [[UInt8]])
    func `text that is not UTF-8 is refused`(bytes: [UInt8]) {
        #expect(throws: Corruption.self) {
            var reader = ByteReader(bytes.span.bytes)
            _ = try reader.string(bytes.count)
        }
    }

    @Test func `a field of any wire type but a group is passed over`() throws {
        var writer = ByteWriter()
        writer.append(tag: 8, varint: 300)
        writer.append(tag: 17, fixed: UInt64(1))
        writer.append(tag: 26, blob: [1, 2, 3])
        writer.append(tag: 37, fixed: UInt32(1))
        let bytes = writer.bytes
        var reader = ByteReader(bytes.span.bytes)
        while !reader.isAtEnd { try reader.skipField(try reader.tag()) }
        #expect(reader.offset == bytes.count)
        for tag: UInt32 in [0, 2, 7, 8 | 3, 8 | 4, 8 | 6, 8 | 7] {
            #expect(throws: Corruption.self) {
                var reader = ByteReader(bytes.span.bytes)
                try reader.skipField(tag)
            }
        }
    }

    @Test func `a tag of more than 32 bits is refused`() {
        var writer = ByteWriter()
        writer.append(varint: UInt64(UInt32.max) + 1)
        let bytes = writer.bytes
        #expect(throws: Corruption.self) {
            var reader = ByteReader(bytes.span.bytes)
            _ = try reader.tag()
        }
    }

    @Test func `a writer grows, is emptied, shortened and overwritten`() {
        var writer = ByteWriter(capacity: 1)
        for index in 0..<10_000 { writer.append(UInt8(truncatingIfNeeded: index)) }
        #expect(writer.bytes == (0..<10_000).map { UInt8(truncatingIfNeeded: $0) })
        writer.truncate(to: 4)
        writer.overwrite(at: 2, fixed: UInt16(0xBEEF))
        #expect(writer.bytes == [0, 1, 0xEF, 0xBE])
        writer.append([7, 8, 9][1...])
        writer.append(([5] as [UInt8]).span.bytes)
        #expect(writer.bytes == [0, 1, 0xEF, 0xBE, 8, 9, 5])
        writer.removeAll()
        #expect(writer.count == 0 && writer.bytes.isEmpty)
    }

    @Test func `overwriting what was not written ends the program`() async {
        await #expect(processExitsWith: .failure) {
            var writer = ByteWriter()
            writer.append(fixed: UInt32(0))
            writer.overwrite(at: 1, fixed: UInt32(0))
        }
    }

    @Test func `random bytes never trap a reader`() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededBytes(seed: seed)
        for _ in 0..<2_000 {
            let bytes = random.noise(Int.random(in: 0...40, using: &random))
            var reader = ByteReader(bytes.span.bytes)
            while !reader.isAtEnd {
                let start = reader.offset
                do { try reader.skipField(try reader.tag()) } catch { break }
                #expect(reader.offset > start && reader.offset <= bytes.count, "seed \(seed)")
            }
        }
    }
}
