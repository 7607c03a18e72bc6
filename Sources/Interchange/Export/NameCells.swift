internal import ByteCoding
internal import WorkProtocol

/// The names that rows print again and again, as bytes, by gid.
///
/// Tasks are many and named seldom, so of them only the one asked last is kept.
struct NameCells: ~Copyable {
    struct Places {
        var name: Range<Int>
        var email: Range<Int>
    }

    private(set) var bytes = ByteWriter(capacity: 4096)
    private var places: [UInt64: Places] = [:]
    private var last: (gid: UInt64, places: Places)?
    private var task: (gid: UInt64, name: Name)?

    /// Appends the name of an object; nothing for what is not there.
    mutating func write(_ gid: UInt64, _ lookup: some ExportLookup, into out: inout ByteWriter) {
        if let places = find(gid, lookup) {
            out.append(bytes.span.extracting(places.name))
        } else if let task, task.gid == gid {
            out.append(utf8: task.name.name)
        }
    }

    /// Appends a person's e-mail address.
    mutating func writeEmail(
        _ gid: UInt64, _ lookup: some ExportLookup, into out: inout ByteWriter
    ) {
        if let places = find(gid, lookup) { out.append(bytes.span.extracting(places.email)) }
    }

    /// Appends the name of an option of `field`.
    mutating func write(
        _ option: UInt64, of field: Field, _ lookup: some ExportLookup, into out: inout ByteWriter
    ) {
        if places[option] == nil, let own = field.options.first(where: { $0.gid == option }) {
            places[option] = keep(own.name, "")
        }
        write(option, lookup, into: &out)
    }

    private mutating func find(_ gid: UInt64, _ lookup: some ExportLookup) -> Places? {
        if gid == 0 { return nil }
        if let last, last.gid == gid { return last.places }
        if let task, task.gid == gid { return nil }
        if let found = places[gid] {
            last = (gid, found)
            return found
        }
        guard let name = lookup.name(of: gid) else { return nil }
        if name.kind == .task {
            task = (gid, name)
            return nil
        }
        let made = keep(name.name, name.email)
        places[gid] = made
        last = (gid, made)
        return made
    }

    private mutating func keep(_ name: String, _ email: String) -> Places {
        let start = bytes.count
        bytes.append(utf8: name)
        let middle = bytes.count
        bytes.append(utf8: email)
        return Places(name: start..<middle, email: middle..<bytes.count)
    }
}
