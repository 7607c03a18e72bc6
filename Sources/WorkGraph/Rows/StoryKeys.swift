internal import ByteCoding
internal import WorkProtocol

/// What indexes need to know of a story, read from its row without decoding its texts.
struct StoryKeys {
    /// The row of its task.
    var task: UInt32 = 0
    var kind = StoryKind.comment
    var createdAt: Int64 = 0
    /// The hash of the external id, as `Indexes.key` makes it; 0 for none.
    var externalKey: UInt64 = 0

    init() {}

    /// Reads a `Story`'s bytes. O(fields).
    init(decoding bytes: RawSpan) throws(Corruption) {
        var reader = ByteReader(bytes)
        var external = ExternalPlace()
        while !reader.isAtEnd {
            switch try reader.tag() {
            case 2 << 3 | 1: task = UInt32(truncatingIfNeeded: try reader.fixed(UInt64.self))
            case 3 << 3: kind = try reader.enumeration("Story.kind")
            case 7 << 3: createdAt = Int64(bitPattern: try reader.varint())
            case 16 << 3 | 2: try external.read(&reader)
            case let tag: try reader.skipField(tag)
            }
        }
        externalKey = external.key(in: bytes, .story, in: task)
    }
}

/// Where in a row an `External` lies.
struct ExternalPlace {
    private var gid = 0..<0
    private var ordinal: UInt32 = 0
    /// Whether another system keeps something with the id.
    private(set) var hasData = false

    /// Reads the message, of which the length comes next.
    mutating func read(_ reader: inout ByteReader) throws(Corruption) {
        let outer = try reader.enter()
        while !reader.isAtEnd {
            switch try reader.tag() {
            case 1 << 3 | 2:
                let length = try reader.length()
                gid = reader.offset..<(reader.offset + length)
                try reader.skip(length)
            case 2 << 3 | 2:
                let length = try reader.length()
                hasData = length > 0
                try reader.skip(length)
            case 3 << 3: ordinal = UInt32(truncatingIfNeeded: try reader.varint())
            case let tag: try reader.skipField(tag)
            }
        }
        reader.leave(outer)
    }

    /// The hash of the id, as `Indexes.key` makes it; 0 for none.
    func key(in row: RawSpan, _ kind: EntityKind, in container: UInt32 = 0) -> UInt64 {
        gid.isEmpty ? 0 : Indexes.key(row.extracting(gid), ordinal, kind, in: container)
    }
}
