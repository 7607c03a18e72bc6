internal import ByteCoding

/// The first 4096 bytes of a segment file, little-endian:
///
/// | offset | bytes | field                                                                    |
/// | -----: | ----: | ------------------------------------------------------------------------ |
/// |      0 |     8 | magic `HFLOGSEG`                                                         |
/// |      8 |     2 | format version, 1                                                        |
/// |     10 |     2 | flags: 1 the log begins here, whatever other segments say                |
/// |     12 |     4 | alignment of batches                                                     |
/// |     16 |    16 | cluster (high half, low half)                                            |
/// |     32 |    16 | history                                                                  |
/// |     48 |     8 | number of the segment: greater than that of any made before it           |
/// |     56 |     8 | number of the segment before it in the log, 0 if the log begins here     |
/// |     64 |     8 | first LSN; the file's name has it too                                    |
/// |     72 |     8 | epoch of the record before the first, register version                   |
/// |     80 |     4 | the same, boot                                                           |
/// |     84 |     4 | salt: seeds the checksums of the segment's batches                       |
/// |     88 |     8 | chain before the first record                                            |
/// |     96 |     8 | size of the file                                                         |
/// |    104 |     2 | count of epochs that follow, at most 128                                 |
/// |    106 |     6 | 0                                                                        |
/// |    112 |    20 | each: register version (8), boot (4), first LSN (8)                      |
/// |   4092 |     4 | CRC-32C of bytes 0 to 4091                                               |
///
/// A segment holds the log from its first LSN up to the first LSN of the segment that follows it;
/// whatever it has beyond that was given up (`Formats-Log.md`).
struct SegmentHeader: Equatable, Sendable {
    var begins: Bool
    var alignment: Int
    var cluster: Identity
    var history: Identity
    var number: UInt64
    var previousNumber: UInt64
    /// The head of the log before the segment's first record.
    var before: LogHead
    var salt: UInt32
    var fileBytes: Int
    /// The epochs of the log before this segment, as far as they are remembered.
    var epochs: EpochHistory

    var first: LSN { before.last.next }

    static let bytes = 4096
    static let magic: UInt64 = 0x4745_5347_4F4C_4648
    static let version: UInt16 = 1
}

extension SegmentHeader {
    func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: Self.bytes)
        writer.append(fixed: Self.magic)
        writer.append(fixed: Self.version)
        writer.append(fixed: UInt16(begins ? 1 : 0))
        writer.append(fixed: UInt32(alignment))
        writer.append(identity: cluster)
        writer.append(identity: history)
        writer.append(fixed: number)
        writer.append(fixed: previousNumber)
        writer.append(fixed: first.rawValue)
        writer.append(fixed: before.epoch.version)
        writer.append(fixed: before.epoch.boot)
        writer.append(fixed: salt)
        writer.append(fixed: before.chain)
        writer.append(fixed: UInt64(fileBytes))
        writer.append(fixed: UInt16(epochs.starts.count))
        writer.append(zeroes: 6)
        for start in epochs.starts { writer.append(epochStart: start) }
        writer.append(zeroes: Self.bytes - 4 - writer.count)
        writer.append(fixed: CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    /// Why bytes are not a segment header.
    enum Refusal: Error, Equatable {
        case corrupt(Corruption)
        /// The checksum is right, but it is a format of another program version.
        case version(UInt16)
    }

    init(_ bytes: [UInt8]) throws(Refusal) {
        let version: UInt16
        do { version = try Self.checkedVersion(bytes) } catch { throw .corrupt(error) }
        guard version == Self.version else { throw .version(version) }
        do { try self.init(body: bytes) } catch { throw .corrupt(error) }
    }

    private static func checkedVersion(_ bytes: [UInt8]) throws(Corruption) -> UInt16 {
        guard bytes.count == Self.bytes else {
            throw Corruption(
                offset: 0, expected: "a segment header of \(Self.bytes) bytes",
                found: "\(bytes.count) bytes")
        }
        var reader = ByteReader(bytes.raw)
        let magic = try reader.fixed(UInt64.self)
        guard magic == Self.magic else {
            throw Corruption(
                offset: 0, expected: "a segment's magic number", found: "\(magic)")
        }
        let version = try reader.fixed(UInt16.self)
        var end = ByteReader(bytes.raw)
        try end.skip(Self.bytes - 4)
        let found = try end.fixed(UInt32.self)
        let covered = bytes.raw.extracting(0..<(Self.bytes - 4))
        let expected = CRC32C.checksum(covered)
        guard expected == found else {
            throw Corruption(
                offset: Self.bytes - 4, expected: "segment header checksum \(expected)",
                found: "\(found)")
        }
        return version
    }

    private init(body bytes: [UInt8]) throws(Corruption) {
        var reader = ByteReader(bytes.raw)
        try reader.skip(10)
        begins = try reader.fixed(UInt16.self) & 1 == 1
        alignment = Int(try reader.fixed(UInt32.self))
        cluster = try reader.identity()
        history = try reader.identity()
        number = try reader.fixed()
        previousNumber = try reader.fixed()
        let first: UInt64 = try reader.fixed()
        let epoch = Epoch(version: try reader.fixed(), boot: try reader.fixed())
        salt = try reader.fixed()
        let chain: UInt64 = try reader.fixed()
        let size: UInt64 = try reader.fixed()
        guard first > 0, [16, 512, 4096].contains(alignment), size <= UInt64(1) << 40 else {
            throw Corruption(
                offset: 12, expected: "a first LSN above 0, an alignment of 512 or 4096, a size",
                found: "LSN \(first), alignment \(alignment), size \(size)")
        }
        before = LogHead(last: LSN(first - 1), epoch: epoch, chain: chain)
        fileBytes = Int(size)
        let count = try reader.fixed(UInt16.self)
        try reader.skip(6)
        var starts: [EpochStart] = []
        for _ in 0..<min(Int(count), EpochHistory.limit) { starts.append(try reader.epochStart()) }
        guard Int(count) <= EpochHistory.limit, let epochs = EpochHistory(starts) else {
            throw Corruption(offset: 104, expected: "a sorted epoch history", found: "another")
        }
        self.epochs = epochs
    }
}

/// The names of the log's files, inside its folder.
enum SegmentName {
    static func segment(first: LSN) -> String { "wal-\(hexadecimal(first.rawValue)).seg" }

    /// The first LSN a name says, if it is a segment's.
    static func first(in name: String) -> LSN? {
        guard name.hasPrefix("wal-"), name.hasSuffix(".seg"), name.utf8.count == 24 else {
            return nil
        }
        return parse(hexadecimal: name.dropFirst(4).dropLast(4)).map(LSN.init)
    }

    static func parse(hexadecimal text: Substring) -> UInt64? {
        guard text.utf8.count == 16 else { return nil }
        var value: UInt64 = 0
        for character in text.utf8 {
            let digit: UInt8
            switch character {
            case 48...57: digit = character - 48
            case 97...102: digit = character - 87
            default: return nil
            }
            value = value << 4 | UInt64(digit)
        }
        return value
    }

    static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
