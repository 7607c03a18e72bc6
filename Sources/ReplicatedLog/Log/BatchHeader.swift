internal import ByteCoding

/// What precedes a batch's payload in a file. 80 bytes, little-endian:
///
/// | offset | bytes | field                                                                  |
/// | -----: | ----: | ---------------------------------------------------------------------- |
/// |      0 |     4 | magic `HFB1`                                                           |
/// |      4 |     2 | version, 1                                                             |
/// |      6 |     2 | flags: 1 closing, 2 vouching; such a batch has no records              |
/// |      8 |     4 | total: the bytes it takes in the file, a multiple of the alignment     |
/// |     12 |     4 | length of the payload                                                  |
/// |     16 |     4 | count of records                                                       |
/// |     20 |     8 | epoch, register version                                                |
/// |     28 |     4 | epoch, boot                                                            |
/// |     32 |     8 | first LSN                                                              |
/// |     40 |     8 | durable LSN: what this node had flushed when it built the batch        |
/// |     48 |     8 | commit LSN, as this node knew it then                                  |
/// |     56 |     8 | time, milliseconds since 1970, of the primary                          |
/// |     64 |     8 | chain before this batch                                                |
/// |     72 |     4 | CRC-32C of the payload, seeded with the segment's salt                 |
/// |     76 |     4 | CRC-32C of bytes 0 to 75, seeded with the segment's salt               |
///
/// The padding after the payload is written as zeroes and not looked at when read.
struct BatchHeader: Equatable, Sendable {
    var version: UInt16 = BatchHeader.version
    var mark: BatchMark = .records
    var totalBytes: Int
    var payloadBytes: Int
    var count: UInt32
    var epoch: Epoch
    var first: LSN
    var durable: LSN
    var commit: LSN
    var time: Int64
    var previousChain: UInt64
    var payloadChecksum: UInt32

    static let bytes = 80
    static let magic: UInt32 = 0x3142_4648
    static let version: UInt16 = 1
}

/// What a batch is there for.
enum BatchMark: UInt16, Sendable {
    case records = 0
    /// The segment ends here, and the segment after it is durable under its name.
    case closing = 1
    /// All before it is flushed, and nothing was under way: a clean end, or a tail made durable
    /// anew.
    case vouching = 2
}

extension BatchHeader {
    /// The 80 bytes, both checksums set.
    func encode(salt: UInt32, into writer: inout ByteWriter) {
        let start = writer.count
        writer.append(fixed: Self.magic)
        writer.append(fixed: version)
        writer.append(fixed: mark.rawValue)
        writer.append(fixed: UInt32(totalBytes))
        writer.append(fixed: UInt32(payloadBytes))
        writer.append(fixed: count)
        writer.append(fixed: epoch.version)
        writer.append(fixed: epoch.boot)
        writer.append(fixed: first.rawValue)
        writer.append(fixed: durable.rawValue)
        writer.append(fixed: commit.rawValue)
        writer.append(fixed: time)
        writer.append(fixed: previousChain)
        writer.append(fixed: payloadChecksum)
        let checksum = CRC32C.checksum(
            writer.span.extracting(start..<(start + Self.bytes - 4)), seed: salt)
        writer.append(fixed: checksum)
    }

    /// The header at the beginning of `bytes`, whose checksum is right. Nothing else is believed
    /// before that; a version this program does not know is returned as it is, undecoded beyond it.
    init(_ bytes: RawSpan, salt: UInt32) throws(Corruption) {
        var reader = ByteReader(bytes)
        let magic = try reader.fixed(UInt32.self)
        guard magic == Self.magic else {
            throw Corruption(
                offset: 0, expected: "a batch header's magic number", found: "\(magic)")
        }
        let version = try reader.fixed(UInt16.self)
        let flags = try reader.fixed(UInt16.self)
        totalBytes = Int(try reader.fixed(UInt32.self))
        payloadBytes = Int(try reader.fixed(UInt32.self))
        count = try reader.fixed(UInt32.self)
        epoch = Epoch(version: try reader.fixed(), boot: try reader.fixed())
        first = LSN(try reader.fixed())
        durable = LSN(try reader.fixed())
        commit = LSN(try reader.fixed())
        time = try reader.fixed()
        previousChain = try reader.fixed()
        payloadChecksum = try reader.fixed()
        let expected = CRC32C.checksum(bytes.extracting(0..<(Self.bytes - 4)), seed: salt)
        let found = try reader.fixed(UInt32.self)
        guard found == expected else {
            throw Corruption(
                offset: Self.bytes - 4, expected: "batch header checksum \(expected)",
                found: "\(found)")
        }
        self.version = version
        guard version == Self.version else { return }
        guard let mark = BatchMark(rawValue: flags) else {
            throw Corruption(offset: 6, expected: "known batch flags", found: "\(flags)")
        }
        self.mark = mark
    }

    /// Refuses what no program of this version writes: lengths out of bounds, a mark with records.
    func checkLimits(alignment: Int) throws(Corruption) {
        guard payloadBytes <= LogLimits.batchBytes else {
            throw Corruption(
                offset: 12, expected: "at most \(LogLimits.batchBytes) bytes of payload",
                found: "\(payloadBytes)")
        }
        guard totalBytes == Self.framedBytes(payload: payloadBytes, alignment: alignment) else {
            throw Corruption(
                offset: 8, expected: "the payload's length with its padding", found: "\(totalBytes)"
            )
        }
        let isEmpty = count == 0 && payloadBytes == 0
        guard (mark != .records) == isEmpty, count <= UInt32(LogLimits.recordsInBatch) else {
            throw Corruption(
                offset: 16, expected: "records in a batch of records, and none elsewhere",
                found: "\(count) in \(payloadBytes) bytes")
        }
    }

    /// What a payload takes in the file with its header and padding.
    static func framedBytes(payload: Int, alignment: Int) -> Int {
        (bytes + payload + alignment - 1) / alignment * alignment
    }

    /// A batch's bytes as they go into a file with this salt and alignment.
    static func frame(
        _ batch: Batch, durable: LSN, commit: LSN, salt: UInt32, alignment: Int
    ) -> [UInt8] {
        let total = framedBytes(payload: batch.payload.count, alignment: alignment)
        let header = BatchHeader(
            totalBytes: total, payloadBytes: batch.payload.count, count: batch.count,
            epoch: batch.epoch, first: batch.first, durable: durable, commit: commit,
            time: batch.time, previousChain: batch.previousChain,
            payloadChecksum: CRC32C.checksum(batch.payload, seed: salt))
        var writer = ByteWriter(capacity: total)
        header.encode(salt: salt, into: &writer)
        writer.append(batch.payload)
        writer.append(zeroes: total - writer.count)
        return writer.bytes
    }

    /// The bytes of a batch without records that closes a segment or vouches for what is before it.
    static func frame(
        _ mark: BatchMark, after head: LogHead, durable: LSN, commit: LSN, time: Int64,
        salt: UInt32, alignment: Int
    ) -> [UInt8] {
        let total = framedBytes(payload: 0, alignment: alignment)
        let header = BatchHeader(
            mark: mark, totalBytes: total, payloadBytes: 0, count: 0, epoch: head.epoch,
            first: head.last.next, durable: durable, commit: commit, time: time,
            previousChain: head.chain, payloadChecksum: CRC32C.checksum([], seed: salt))
        var writer = ByteWriter(capacity: total)
        header.encode(salt: salt, into: &writer)
        writer.append(zeroes: total - writer.count)
        return writer.bytes
    }
}
