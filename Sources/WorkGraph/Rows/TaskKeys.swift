internal import ByteCoding
internal import WorkProtocol

/// What indexes, permissions and lists need to know of a task, read from its row without decoding
/// the rest; and where in the row lies what goes over the wire as it is.
///
/// Copying it copies bytes: of the lists, what few tasks have lies apart (`more`).
struct TaskKeys {
    /// Without what `stamps` add for who sees their projects.
    var version: UInt32 = 0
    var modifiedAt: Int64 = 0
    var assignee: UInt64 = 0
    var createdBy: UInt64 = 0
    var completedBy: UInt64 = 0
    var assignedBy: UInt64 = 0
    var bucket: Bucket = .none
    var bucketRank: Int64 = 0
    var dueOn: Int32?
    var completed = false
    var completedAt: Int64 = 0
    var isPublic = false
    var unseen = false
    var deletedAt: Int64 = 0
    var parent: UInt32 = 0
    var parentRank: Int64 = 0
    private var placementsHead = ShortList<Place>.Head()
    private var labelsHead = ShortList<UInt32>.Head()
    private var dependenciesHead = ShortList<UInt32>.Head()
    private var collaboratorsHead = ShortList<UInt64>.Head()
    private var more: More?
    var importedBy: UInt64 = 0
    var isAdopted = false
    /// The hash of the external id, as `Indexes.key` makes it; 0 for none.
    var externalKey: UInt64 = 0
    /// Whether another system keeps something with the external id.
    var hasExternalData = false

    /// Where the fields end that a row has in common with the answer (1 to 31).
    var commonEnd = 0
    /// The numbers of `likes` and `collaborators`, without their tags and lengths.
    var likesRange = 0..<0
    var collaboratorsRange = 0..<0
    /// The values of custom fields, with their tags.
    var fieldsRange = 0..<0

    var isDeleted: Bool { deletedAt != 0 }

    /// What of the lists has no room in the value itself; nearly always nothing.
    private final class More {
        var placements: [Place] = []
        var labels: [UInt32] = []
        var dependencies: [UInt32] = []
        var collaborators: [UInt64] = []
        var stamps: [FieldStamp] = []
    }

    var placements: ShortList<Place> { ShortList(placementsHead, rest: more?.placements) }
    var labels: ShortList<UInt32> { ShortList(labelsHead, rest: more?.labels) }
    var dependencies: ShortList<UInt32> { ShortList(dependenciesHead, rest: more?.dependencies) }
    var collaborators: ShortList<UInt64> {
        ShortList(collaboratorsHead, rest: more?.collaborators)
    }
    var stamps: [FieldStamp] { more?.stamps ?? [] }
    var hasLabels: Bool { labelsHead.count > 0 }
    var hasDependencies: Bool { dependenciesHead.count > 0 }
    var hasStamps: Bool { more.map { !$0.stamps.isEmpty } ?? false }

    /// A `StoredPlacement`.
    struct Place: Listable {
        var project: UInt32 = 0
        var section: UInt32 = 0
        var rank: Int64 = 0
    }

    /// Reads a `TaskRow`'s bytes. O(bytes), and nothing allocated where the lists are short.
    init(decoding bytes: RawSpan) throws(Corruption) {
        var reader = ByteReader(bytes)
        var external = ExternalPlace()
        while !reader.isAtEnd {
            let start = reader.offset
            let tag = try reader.tag()
            if tag < 32 << 3 {
                try read(common: tag, from: &reader, &external)
                // One that this program does not know lies behind the relations, which are not the
                // reader's business.
                if start == commonEnd { commonEnd = reader.offset }
            } else {
                try read(relation: tag, at: start, from: &reader)
            }
        }
        hasExternalData = external.hasData
        externalKey = external.key(in: bytes, .task)
    }

    @inline(__always)
    private mutating func read(
        common tag: UInt32, from reader: inout ByteReader, _ external: inout ExternalPlace
    ) throws(Corruption) {
        switch tag {
        case 1 << 3 | 1: try reader.skip(8)
        case 3 << 3 | 2, 4 << 3 | 2, 5 << 3 | 2: try reader.skip(try reader.length())
        case 2 << 3: version = UInt32(truncatingIfNeeded: try reader.varint())
        case 7 << 3 | 1: createdBy = try reader.fixed()
        case 9 << 3: modifiedAt = Int64(bitPattern: try reader.varint())
        case 10 << 3: completed = try reader.varint() != 0
        case 11 << 3: completedAt = Int64(bitPattern: try reader.varint())
        case 12 << 3 | 1: completedBy = try reader.fixed()
        case 13 << 3 | 1: assignee = try reader.fixed()
        case 14 << 3 | 1: assignedBy = try reader.fixed()
        case 15 << 3: bucket = try reader.enumeration("TaskRow.bucket")
        case 17 << 3: dueOn = try reader.zigzag32()
        case 20 << 3 | 2:
            try external.read(&reader)
        case 21 << 3: isPublic = try reader.varint() != 0
        case 22 << 3: deletedAt = Int64(bitPattern: try reader.varint())
        default: try reader.skipField(tag)
        }
    }

    @inline(__always)
    private mutating func read(
        relation tag: UInt32, at start: Int, from reader: inout ByteReader
    ) throws(Corruption) {
        switch tag {
        case 64 << 3 | 5: parent = try reader.fixed()
        case 65 << 3: parentRank = try reader.zigzag64()
        case 66 << 3 | 2: try readPlacement(&reader)
        case 67 << 3 | 2:
            let outer = try reader.enter()
            collaboratorsRange = reader.offset..<(reader.offset + reader.remaining)
            while !reader.isAtEnd { add(collaborator: try reader.fixed()) }
            reader.leave(outer)
        case 68 << 3 | 2:
            let length = try reader.length()
            likesRange = reader.offset..<(reader.offset + length)
            try reader.skip(length)
        case 69 << 3 | 2:
            let outer = try reader.enter()
            while !reader.isAtEnd { add(label: try reader.fixed()) }
            reader.leave(outer)
        case 70 << 3 | 2:
            let outer = try reader.enter()
            while !reader.isAtEnd { add(dependency: try reader.fixed()) }
            reader.leave(outer)
        case 71 << 3 | 2:
            try reader.skip(try reader.length())
            fieldsRange = (fieldsRange.isEmpty ? start : fieldsRange.lowerBound)..<reader.offset
        case 72 << 3: bucketRank = try reader.zigzag64()
        case 73 << 3: unseen = try reader.varint() != 0
        case 74 << 3 | 1: importedBy = try reader.fixed()
        case 75 << 3: isAdopted = try reader.varint() != 0
        case 76 << 3 | 2:
            let stamp = try FieldStamp(decoding: try reader.span(try reader.length()))
            makeMore().stamps.append(stamp)
        default: try reader.skipField(tag)
        }
    }

    @inline(__always)
    private mutating func readPlacement(_ reader: inout ByteReader) throws(Corruption) {
        let outer = try reader.enter()
        var placement = Place()
        while !reader.isAtEnd {
            switch try reader.tag() {
            case 1 << 3 | 5: placement.project = try reader.fixed()
            case 2 << 3 | 5: placement.section = try reader.fixed()
            case 3 << 3: placement.rank = try reader.zigzag64()
            case let tag: try reader.skipField(tag)
            }
        }
        reader.leave(outer)
        if !placementsHead.append(placement) { makeMore().placements.append(placement) }
    }

    // MARK: - Lists

    private mutating func add(collaborator: UInt64) {
        if !collaboratorsHead.append(collaborator) {
            makeMore().collaborators.append(collaborator)
        }
    }

    private mutating func add(label: UInt32) {
        if !labelsHead.append(label) { makeMore().labels.append(label) }
    }

    private mutating func add(dependency: UInt32) {
        if !dependenciesHead.append(dependency) { makeMore().dependencies.append(dependency) }
    }

    private mutating func makeMore() -> More {
        let made = more ?? More()
        more = made
        return made
    }
}
