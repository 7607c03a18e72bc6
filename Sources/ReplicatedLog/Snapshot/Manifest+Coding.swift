package import ByteCoding
package import Environment

/// The file `manifest`, little-endian:
///
/// | bytes | field                                                                             |
/// | ----: | --------------------------------------------------------------------------------- |
/// |     8 | magic `HFMANIFE`                                                                  |
/// |     2 | format version, 1                                                                 |
/// |     2 | flags, 0 (1 is kept for encryption)                                               |
/// |     4 | length of the file                                                                |
/// |    16 | cluster                                                                           |
/// |    16 | history                                                                           |
/// |    28 | head of the log before the first record needed: LSN, epoch (8 + 4), chain         |
/// |    28 | head of the log at which the snapshot is complete                                 |
/// |     8 | time, milliseconds since 1970                                                     |
/// |   2+n | software version, UTF-8, at most 128 bytes                                        |
/// |     2 | count of epochs, at most 128; each: register version (8), boot (4), first LSN (8) |
/// |     2 | count of kinds, at most 1,024; each: kind (2), objects (8)                        |
/// |     4 | count of workspaces; each: number (8), position (8), LSN (8), digest (1+n)        |
/// |     4 | count of chunks; each: name (2+n), bytes (8), raw bytes (8), SHA-256 (32)         |
/// |    32 | SHA-256 of all bytes before                                                       |
extension Manifest {
    package static let fileName = "manifest"
    static let magic: UInt64 = 0x4546_494E_414D_4648
    static let version: UInt16 = 1
    private static let hashBytes = 32

    /// The file's bytes. - Precondition: everything is within `SnapshotLimits`.
    package func encoded(_ cryptography: any Cryptography) -> [UInt8] {
        var writer = ByteWriter(capacity: 512 + 64 * chunks.count + 40 * workspaces.count)
        writer.append(fixed: Self.magic)
        writer.append(fixed: Self.version)
        writer.append(fixed: UInt16(0))
        writer.append(fixed: UInt32(0))
        writer.append(identity: cluster)
        writer.append(identity: history)
        writer.append(head: start)
        writer.append(head: complete)
        writer.append(fixed: time)
        writer.append(text: software.cut(toBytes: SnapshotLimits.softwareBytes))
        writer.append(fixed: UInt16(epochs.starts.count))
        for epochStart in epochs.starts { writer.append(epochStart: epochStart) }
        writer.append(fixed: UInt16(counts.count))
        for count in counts {
            writer.append(fixed: count.kind)
            writer.append(fixed: count.count)
        }
        encodeWorkspaces(into: &writer)
        encodeChunks(into: &writer)
        let total = writer.count + Self.hashBytes
        precondition(total <= SnapshotLimits.manifestBytes, "a manifest of \(total) bytes")
        writer.overwrite(at: 12, fixed: UInt32(total))
        writer.append(cryptography.sha256(writer.bytes))
        return writer.bytes
    }

    private func encodeWorkspaces(into writer: inout ByteWriter) {
        writer.append(fixed: UInt32(workspaces.count))
        for image in workspaces {
            precondition(image.digest.count <= SnapshotLimits.digestBytes, "\(image.digest.count)")
            writer.append(fixed: image.workspace)
            writer.append(fixed: image.position)
            writer.append(fixed: image.lsn.rawValue)
            writer.append(UInt8(image.digest.count))
            writer.append(image.digest)
        }
    }

    private func encodeChunks(into writer: inout ByteWriter) {
        writer.append(fixed: UInt32(chunks.count))
        for chunk in chunks {
            precondition(chunk.sha256.count == Self.hashBytes, "\(chunk.sha256.count)")
            writer.append(text: chunk.name)
            writer.append(fixed: UInt64(chunk.bytes))
            writer.append(fixed: UInt64(chunk.rawBytes))
            writer.append(chunk.sha256)
        }
    }

    /// The version of a manifest whose magic number and own hash are right, if it is not the one
    /// this program knows.
    static func foreignVersion(_ bytes: [UInt8], _ cryptography: any Cryptography) -> UInt16? {
        guard bytes.count >= 16 + hashBytes,
            cryptography.sha256([UInt8](bytes.dropLast(hashBytes)))
                == [UInt8](bytes.suffix(hashBytes))
        else { return nil }
        var reader = ByteReader(bytes.raw)
        guard let magic = try? reader.fixed(UInt64.self), magic == Self.magic,
            let version = try? reader.fixed(UInt16.self), version != Self.version
        else { return nil }
        return version
    }

    /// The manifest in `bytes`, whose own hash is right; nothing is believed before that.
    package init(_ bytes: [UInt8], _ cryptography: any Cryptography) throws(Corruption) {
        guard bytes.count >= 16 + Self.hashBytes, bytes.count <= SnapshotLimits.manifestBytes else {
            throw Corruption(
                offset: 0, expected: "a manifest of up to \(SnapshotLimits.manifestBytes) bytes",
                found: "\(bytes.count) bytes")
        }
        let covered = [UInt8](bytes[..<(bytes.count - Self.hashBytes)])
        guard cryptography.sha256(covered) == [UInt8](bytes[covered.count...]) else {
            throw Corruption(
                offset: covered.count, expected: "the manifest's own SHA-256", found: "another")
        }
        var reader = ByteReader(covered.raw)
        let magic = try reader.fixed(UInt64.self)
        let version = try reader.fixed(UInt16.self)
        let flags = try reader.fixed(UInt16.self)
        let total = try reader.fixed(UInt32.self)
        guard magic == Self.magic, version == Self.version, flags == 0, Int(total) == bytes.count
        else {
            throw Corruption(
                offset: 0, expected: "a manifest of version \(Self.version)",
                found: "magic \(magic), version \(version), flags \(flags), length \(total)")
        }
        try self.init(&reader)
        guard reader.isAtEnd else {
            throw reader.corruption(
                expected: "the end of the manifest", found: "\(reader.remaining) bytes")
        }
        try checkOrder()
    }

    private init(_ reader: inout ByteReader) throws(Corruption) {
        let cluster = try reader.identity()
        let history = try reader.identity()
        let start = try reader.head()
        let complete = try reader.head()
        let time = try reader.fixed(Int64.self)
        let software = try reader.text(atMost: SnapshotLimits.softwareBytes)
        let epochs = try reader.epochHistory()
        let kinds = try reader.count(UInt16.self, atMost: SnapshotLimits.kinds, each: 10)
        var counts: [KindCount] = []
        for _ in 0..<kinds {
            counts.append(KindCount(kind: try reader.fixed(), count: try reader.fixed()))
        }
        self.init(
            cluster: cluster, history: history, epochs: epochs, start: start, complete: complete,
            time: time, software: software, workspaces: try reader.workspaceImages(),
            chunks: try reader.chunks(), counts: counts)
    }

    private func checkOrder() throws(Corruption) {
        let ascending =
            zip(workspaces, workspaces.dropFirst()).allSatisfy { $0.workspace < $1.workspace }
            && zip(chunks, chunks.dropFirst()).allSatisfy { $0.name < $1.name }
            && zip(counts, counts.dropFirst()).allSatisfy { $0.kind < $1.kind }
        let within = workspaces.allSatisfy { start.last <= $0.lsn && $0.lsn <= complete.last }
        let fits =
            epochs.newest <= complete.epoch && logStart.epochs.newest <= start.epoch
            && complete.epoch.version < UInt64(1) << 62
        guard ascending, within, fits, start.last <= complete.last else {
            throw Corruption(
                offset: 0,
                expected: "sorted workspaces, chunks, kinds and epochs, within the log's range",
                found: "others")
        }
    }
}

extension ByteReader {
    /// A count of things that take at least `each` bytes, all of which must be there.
    @_lifetime(self: copy self)
    mutating func count<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ type: Integer.Type, atMost limit: Int, each: Int
    ) throws(Corruption) -> Int {
        let count = Int(clamping: try fixed(type))
        guard count <= limit, count <= remaining / each else {
            throw corruption(expected: "at most \(limit), all there", found: "a count of \(count)")
        }
        return count
    }

    @_lifetime(self: copy self)
    mutating func epochHistory() throws(Corruption) -> EpochHistory {
        var starts: [EpochStart] = []
        for _ in 0..<(try count(UInt16.self, atMost: EpochHistory.limit, each: 20)) {
            starts.append(try epochStart())
        }
        guard let epochs = EpochHistory(starts) else {
            throw corruption(expected: "a sorted epoch history", found: "another")
        }
        return epochs
    }

    @_lifetime(self: copy self)
    mutating func workspaceImages() throws(Corruption) -> [WorkspaceImage] {
        var images: [WorkspaceImage] = []
        for _ in 0..<(try count(UInt32.self, atMost: SnapshotLimits.workspaces, each: 25)) {
            let workspace = try fixed(UInt64.self)
            let position = try fixed(UInt64.self)
            let lsn = LSN(try fixed())
            let length = Int(try byte())
            guard length <= SnapshotLimits.digestBytes else {
                throw corruption(expected: "a digest of at most 64 bytes", found: "\(length)")
            }
            images.append(
                WorkspaceImage(
                    workspace: workspace, position: position, lsn: lsn, digest: try array(length)))
        }
        return images
    }

    @_lifetime(self: copy self)
    mutating func chunks() throws(Corruption) -> [Chunk] {
        var chunks: [Chunk] = []
        for _ in 0..<(try count(UInt32.self, atMost: SnapshotLimits.chunks, each: 50)) {
            let name = try text(atMost: 128)
            let bytes = try fixed(UInt64.self)
            let rawBytes = try fixed(UInt64.self)
            guard Chunk.isName(name), name != Manifest.fileName,
                bytes <= UInt64(2 * SnapshotLimits.chunkBytes),
                rawBytes <= UInt64(SnapshotLimits.chunkBytes)
            else {
                throw corruption(
                    expected: "a chunk's name and its sizes within the limits",
                    found: "\(name), \(bytes) bytes, \(rawBytes) raw")
            }
            chunks.append(
                Chunk(
                    name: name, bytes: Int(bytes), rawBytes: Int(rawBytes), sha256: try array(32)))
        }
        return chunks
    }
}
