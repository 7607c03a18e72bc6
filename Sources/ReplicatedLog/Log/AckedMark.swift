internal import ByteCoding
internal import Environment

/// `acked.mark`: a lazily written note of how far the log was acknowledged, so that a node that is
/// alone can tell a torn tail from damage. It may lag behind; it never runs ahead.
///
/// The content of a slot (`SlotFile`) is the LSN, 8 bytes, little-endian.
struct AckedMark {
    let slots: SlotFile

    init(disk: any Disk, folder: String) {
        slots = SlotFile(disk: disk, path: "\(folder)/acked.mark", slotBytes: 512)
    }

    /// The mark; zero if there is none or it cannot be read (it is only a witness).
    func load() throws(DiskError) -> LSN {
        guard case .found(let content, _) = try slots.load() else { return .zero }
        var reader = ByteReader(content.raw)
        do { return LSN(try reader.fixed()) } catch { return .zero }
    }

    func store(_ lsn: LSN) throws(DiskError) {
        var writer = ByteWriter(capacity: 8)
        writer.append(fixed: lsn.rawValue)
        try slots.store(writer.bytes)
    }
}
