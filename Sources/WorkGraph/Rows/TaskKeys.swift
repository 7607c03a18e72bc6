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

    /// Calls `body` with each of `placements`; nothing is copied for it.
    @inline(__always)
    func forEachPlacement(_ body: (Place) -> Void) {
        for index in 0..<placementsHead.count { body(placementsHead[index]) }
        if let more { more.placements.forEach(body) }
    }

    /// Calls `body` with each of `collaborators`; nothing is copied for it.
    @inline(__always)
    func forEachCollaborator(_ body: (UInt64) -> Void) {
        for index in 0..<collaboratorsHead.count { body(collaboratorsHead[index]) }
        if let more { more.collaborators.forEach(body) }
    }

    /// A `StoredPlacement`.
    struct Place: Listable {
        var project: UInt32 = 0
        var section: UInt32 = 0
        var rank: Int64 = 0
    }

    private init() {}

    /// What indexes need to know of a task whose row is about to be written; not what others do.
    static func indexing(_ task: TaskRow) -> TaskKeys {
        var keys = TaskKeys()
        keys.assignee = task.assignee
        keys.bucket = task.bucket
        keys.bucketRank = task.bucketRank
        keys.completed = task.completed
        keys.deletedAt = task.deletedAt
        keys.parent = task.parent
        keys.parentRank = task.parentRank
        for placement in task.placements {
            keys.add(
                Place(
                    project: placement.project, section: placement.section, rank: placement.rank))
        }
        for collaborator in task.collaborators { keys.add(collaborator: collaborator) }
        for label in task.labels { keys.add(label: label) }
        for dependency in task.dependencies { keys.add(dependency: dependency) }
        if let external = task.external, !external.gid.isEmpty {
            keys.externalKey = Indexes.key(external.gid, external.ordinal, .task)
        }
        return keys
    }

    /// Reads a `TaskRow`'s bytes. O(bytes), and nothing allocated where the lists are short.
    init(decoding bytes: RawSpan) throws(Corruption) {
        var external = ExternalPlace()
        var scan = RowScan(bytes)
        scanCommon(&scan)
        commonEnd = scan.offset
        scanRelations(&scan)
        // What is seldom, and the last bytes.
        var reader = ByteReader(bytes, at: scan.offset)
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

    /// Reads the fields that nearly all rows begin with, as far as they are as this program writes
    /// them.
    @inline(__always)
    @_lifetime(scan: copy scan)
    private mutating func scanCommon(_ scan: inout RowScan) {
        _ = scan.fixed64(1)
        if let number = scan.varint(2) { version = UInt32(truncatingIfNeeded: number) }
        _ = scan.content(3)
        _ = scan.content(4)
        _ = scan.content(5)
        if let number = scan.fixed64(7) { createdBy = number }
        _ = scan.varint(8)
        if let number = scan.varint(9) { modifiedAt = Int64(bitPattern: number) }
        if let number = scan.varint(10) { completed = number != 0 }
        if let number = scan.varint(11) { completedAt = Int64(bitPattern: number) }
        if let number = scan.fixed64(12) { completedBy = number }
        if let number = scan.fixed64(13) { assignee = number }
        if let number = scan.fixed64(14) { assignedBy = number }
        scanBucket(&scan)
        if let number = scan.varint(17) {
            dueOn = Int32(truncatingIfNeeded: RowScan.unzigzag(number))
        }
    }

    @inline(__always)
    @_lifetime(scan: copy scan)
    private mutating func scanBucket(_ scan: inout RowScan) {
        let start = scan.offset
        guard let number = scan.varint(15) else { return }
        guard let value = Bucket(rawValue: UInt32(truncatingIfNeeded: number)) else {
            return scan.goBack(to: start)
        }
        bucket = value
    }

    /// The same for the relations that nearly all rows have.
    @inline(__always)
    @_lifetime(scan: copy scan)
    private mutating func scanRelations(_ scan: inout RowScan) {
        var start = scan.offset
        while let content = scan.content(66) {
            guard let (project, section, rank) = scan.triple(content) else {
                return scan.goBack(to: start)
            }
            let place = Place(project: project, section: section, rank: rank)
            add(place)
            start = scan.offset
        }
        if let content = scan.content(67) {
            guard content.count & 7 == 0 else { return scan.goBack(to: start) }
            collaboratorsRange = content
            var at = content.lowerBound
            while at < content.upperBound {
                add(collaborator: scan.element64(at))
                at &+= 8
            }
        }
        if let number = scan.varint(72) { bucketRank = RowScan.unzigzag(number) }
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
        add(placement)
    }

    /// Whether the indexes have the same entries for two rows: nothing differs but what comes first
    /// in a row as this program writes it, which is what indexes do not ask for (version, name,
    /// notes, moments). False where that cannot be told so easily.
    static func areAlike(_ left: RawSpan, _ right: RawSpan) -> Bool {
        guard let start = endOfTexts(left), let other = endOfTexts(right) else { return false }
        return left.extracting(start..<left.byteCount)
            .hasSameBytes(as: right.extracting(other..<right.byteCount))
    }

    /// Where the fields end that no index asks for (1 to 9), if each is there once and in order.
    private static func endOfTexts(_ bytes: RawSpan) -> Int? {
        var scan = RowScan(bytes)
        _ = scan.fixed64(1)
        _ = scan.varint(2)
        _ = scan.content(3)
        _ = scan.content(4)
        _ = scan.content(5)
        _ = scan.varint(6)
        _ = scan.fixed64(7)
        _ = scan.varint(8)
        _ = scan.varint(9)
        return scan.nextField > 9 ? scan.offset : nil
    }

    // MARK: - Lists

    private mutating func add(_ place: Place) {
        if !placementsHead.append(place) { makeMore().placements.append(place) }
    }

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
