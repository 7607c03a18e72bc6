internal import ByteCoding
internal import Environment

/// A small file that is replaced as a whole: two slots, written in turn, so that a torn write
/// leaves the older content. Each slot, little-endian:
///
/// | offset      | bytes | field                                            |
/// | ----------: | ----: | ------------------------------------------------ |
/// |           0 |     4 | magic `HFSL`                                     |
/// |           4 |     2 | version, 1                                       |
/// |           6 |     2 | length of the content                            |
/// |           8 |     8 | generation: 1, 2, 3 …; odd ones in the first slot |
/// |          16 |     n | content, then zeroes                             |
/// | slot end −4 |     4 | CRC-32C of the slot before it                    |
struct SlotFile {
    let disk: any Disk
    let path: String
    let slotBytes: Int

    enum Content: Equatable {
        /// There is no such file.
        case missing
        case found([UInt8], generation: UInt64)
        /// Neither slot can be read.
        case bad(Corruption)
        /// A slot is whole and of a version that this program does not know. The other one may be
        /// readable, and is older: what it says is not what was promised last.
        case newer(UInt16)
    }

    static let headerBytes = 16
    static let magic: UInt32 = 0x4C53_4648
    static let version: UInt16 = 1

    /// The newest content that is whole.
    func load() throws(DiskError) -> Content {
        guard try disk.exists(path) else { return .missing }
        let file = try disk.open(path, .read)
        defer { file.close() }
        return Self.newest(try file.read(at: 0, count: 2 * slotBytes), slotBytes, path)
    }

    static func newest(_ bytes: [UInt8], _ slotBytes: Int, _ path: String) -> Content {
        var best: (content: [UInt8], generation: UInt64)?
        var reason: Corruption?
        for index in 0..<2 {
            let start = min(index * slotBytes, bytes.count)
            let slot = [UInt8](bytes[start..<min(start + slotBytes, bytes.count)])
            do throws(Corruption) {
                let version = try checkedVersion(slot, slotBytes)
                guard version == Self.version else { return .newer(version) }
                let found = try decode(slot, slotBytes: slotBytes)
                if found.generation > best?.generation ?? 0 { best = found }
            } catch {
                reason = reason ?? error.within(file: path, at: start)
            }
        }
        if let best { return .found(best.content, generation: best.generation) }
        return .bad(
            reason ?? Corruption(file: path, offset: 0, expected: "a slot", found: "none"))
    }

    /// Replaces the content, durably: the other slot is written and flushed.
    /// - Precondition: the content fits into a slot.
    func store(_ content: [UInt8]) throws(DiskError) {
        switch try load() {
        case .found(_, let generation):
            let file = try disk.open(path, .write)
            defer { file.close() }
            let place = offset(of: generation &+ 1)
            try file.write(encode(content, generation: generation &+ 1), at: place)
            try file.flush()
        case .missing, .bad:
            try create(content)
        case .newer(let version):
            throw DiskError(
                .denied, path: path, reason: "has format \(version), which is a newer program's")
        }
    }

    func offset(of generation: UInt64) -> Int { generation % 2 == 1 ? 0 : slotBytes }

    /// Makes the file with `content` in both slots, replacing what is there in one step.
    private func create(_ content: [UInt8]) throws(DiskError) {
        let temporary = path + ".tmp"
        if try disk.exists(temporary) { try disk.remove(temporary) }
        let file = try disk.open(temporary, .create)
        defer { file.close() }
        try file.write(encode(content, generation: 1) + encode(content, generation: 2), at: 0)
        try file.flush()
        try disk.rename(temporary, to: path)
        try disk.flushDirectory(folder)
    }

    private var folder: String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
        return String(path[..<slash])
    }

    func encode(_ content: [UInt8], generation: UInt64) -> [UInt8] {
        precondition(content.count <= slotBytes - Self.headerBytes - 4, "\(content.count) bytes")
        var writer = ByteWriter(capacity: slotBytes)
        writer.append(fixed: Self.magic)
        writer.append(fixed: Self.version)
        writer.append(fixed: UInt16(content.count))
        writer.append(fixed: generation)
        writer.append(content)
        writer.append(zeroes: slotBytes - 4 - writer.count)
        writer.append(fixed: CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    /// The version of a slot whose magic number and checksum are right.
    private static func checkedVersion(
        _ slot: [UInt8], _ slotBytes: Int
    ) throws(Corruption) -> UInt16 {
        var reader = ByteReader(slot.raw)
        guard slot.count == slotBytes else {
            throw reader.corruption(
                expected: "a slot of \(slotBytes) bytes", found: "\(slot.count)")
        }
        let magic = try reader.fixed(UInt32.self)
        let version = try reader.fixed(UInt16.self)
        guard magic == Self.magic else {
            throw Corruption(offset: 0, expected: "a slot's magic number", found: "\(magic)")
        }
        let expected = CRC32C.checksum(slot.raw.extracting(0..<(slotBytes - 4)))
        var end = ByteReader(slot.raw)
        try end.skip(slotBytes - 4)
        let found = try end.fixed(UInt32.self)
        guard found == expected else {
            throw Corruption(
                offset: slotBytes - 4, expected: "slot checksum \(expected)", found: "\(found)")
        }
        return version
    }

    static func decode(
        _ slot: [UInt8], slotBytes: Int
    ) throws(Corruption) -> (content: [UInt8], generation: UInt64) {
        let version = try checkedVersion(slot, slotBytes)
        var reader = ByteReader(slot.raw)
        try reader.skip(6)
        let length = Int(try reader.fixed(UInt16.self))
        let generation = try reader.fixed(UInt64.self)
        guard version == Self.version, length <= slotBytes - headerBytes - 4 else {
            throw Corruption(
                offset: 4, expected: "a slot of version \(Self.version) and a length that fits",
                found: "version \(version), length \(length)")
        }
        return (try reader.array(length), generation)
    }
}
