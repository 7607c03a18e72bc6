internal import ByteCoding
internal import WorkProtocol

/// What a CSV row prints of a task, read from the bytes of a `WorkTask`: numbers, and where the
/// texts lie. Used for one task after the other, so that its lists keep their memory.
struct TaskPlaces {
    private(set) var gid: UInt64 = 0
    private(set) var name = 0..<0
    private(set) var notes = 0..<0
    private(set) var createdAt: Int64 = 0
    private(set) var modifiedAt: Int64 = 0
    private(set) var completed = false
    private(set) var completedAt: Int64 = 0
    private(set) var assignee: UInt64 = 0
    private(set) var bucket = Bucket.none
    private(set) var startOn: Int32?
    private(set) var dueOn: Int32?
    private(set) var startAt: Int64?
    private(set) var dueAt: Int64?
    private(set) var external = 0..<0
    private(set) var parent: UInt64 = 0
    private(set) var projects: [UInt64] = []
    /// The sections in `projects`, one each.
    private(set) var sections: [UInt64] = []
    private(set) var labels: [UInt64] = []
    private(set) var dependencies: [UInt64] = []
    private(set) var dependents: [UInt64] = []
    /// The values of custom fields: whose, and where the `FieldValue` lies.
    private(set) var fields: [(field: UInt64, value: Range<Int>)] = []

    /// Forgets the task it was read from, and reads another. O(bytes).
    mutating func read(_ task: RawSpan) throws(Corruption) {
        clear()
        var reader = ByteReader(task)
        while !reader.isAtEnd {
            let tag = try reader.tag()
            if tag < 32 << 3 {
                try read(common: tag, &reader)
            } else {
                try read(relation: tag, &reader)
            }
        }
    }

    private mutating func clear() {
        (gid, assignee, parent) = (0, 0, 0)
        (name, notes, external) = (0..<0, 0..<0, 0..<0)
        (createdAt, modifiedAt, completedAt) = (0, 0, 0)
        completed = false
        bucket = .none
        (startOn, dueOn, startAt, dueAt) = (nil, nil, nil, nil)
        projects.removeAll(keepingCapacity: true)
        sections.removeAll(keepingCapacity: true)
        labels.removeAll(keepingCapacity: true)
        dependencies.removeAll(keepingCapacity: true)
        dependents.removeAll(keepingCapacity: true)
        fields.removeAll(keepingCapacity: true)
    }

    @inline(__always)
    private mutating func read(
        common tag: UInt32, _ reader: inout ByteReader
    ) throws(Corruption) {
        switch tag {
        case 1 << 3 | 1: gid = try reader.fixed()
        case 3 << 3 | 2: name = try reader.place()
        case 4 << 3 | 2: notes = try reader.place()
        case 8 << 3: createdAt = Int64(bitPattern: try reader.varint())
        case 9 << 3: modifiedAt = Int64(bitPattern: try reader.varint())
        case 10 << 3: completed = try reader.varint() != 0
        case 11 << 3: completedAt = Int64(bitPattern: try reader.varint())
        case 13 << 3 | 1: assignee = try reader.fixed()
        case 15 << 3: bucket = try reader.enumeration("WorkTask.bucket")
        case 16 << 3: startOn = try reader.zigzag32()
        case 17 << 3: dueOn = try reader.zigzag32()
        case 18 << 3: startAt = Int64(bitPattern: try reader.varint())
        case 19 << 3: dueAt = Int64(bitPattern: try reader.varint())
        case 20 << 3 | 2: external = try reader.place()
        default: try reader.skipField(tag)
        }
    }

    @inline(__always)
    private mutating func read(
        relation tag: UInt32, _ reader: inout ByteReader
    ) throws(Corruption) {
        switch tag {
        case 32 << 3 | 1: parent = try reader.fixed()
        case 33 << 3 | 2: try readMembership(&reader)
        case 36 << 3 | 2: try reader.numbers(into: &labels)
        case 37 << 3 | 2: try reader.numbers(into: &dependencies)
        case 38 << 3 | 2: try reader.numbers(into: &dependents)
        case 39 << 3 | 2: try readField(&reader)
        default: try reader.skipField(tag)
        }
    }

    private mutating func readMembership(_ reader: inout ByteReader) throws(Corruption) {
        let outer = try reader.enter()
        var project: UInt64 = 0
        var section: UInt64 = 0
        while !reader.isAtEnd {
            switch try reader.tag() {
            case 1 << 3 | 1: project = try reader.fixed()
            case 2 << 3 | 1: section = try reader.fixed()
            case let tag: try reader.skipField(tag)
            }
        }
        reader.leave(outer)
        projects.append(project)
        sections.append(section)
    }

    private mutating func readField(_ reader: inout ByteReader) throws(Corruption) {
        let outer = try reader.enter()
        let start = reader.offset
        var field: UInt64 = 0
        while !reader.isAtEnd {
            let tag = try reader.tag()
            if tag == 1 << 3 | 1 { field = try reader.fixed() } else { try reader.skipField(tag) }
        }
        fields.append((field, start..<reader.offset))
        reader.leave(outer)
    }
}

/// What a cell prints of a `FieldValue`, which lies at `place` of a task's bytes.
struct FieldPlaces {
    private(set) var text = 0..<0
    private(set) var number: Decimal?
    private(set) var options: [UInt64] = []
    private(set) var date: Int32?
    private(set) var dateTime: Int64?
    private(set) var people: [UInt64] = []

    mutating func read(_ task: RawSpan, _ place: Range<Int>) throws(Corruption) {
        (text, number, date, dateTime) = (0..<0, nil, nil, nil)
        options.removeAll(keepingCapacity: true)
        people.removeAll(keepingCapacity: true)
        var reader = ByteReader(task.extracting(0..<place.upperBound), at: place.lowerBound)
        while !reader.isAtEnd {
            let tag = try reader.tag()
            switch tag {
            case 2 << 3 | 2: text = try reader.place()
            case 3 << 3 | 2:
                number = try Decimal(decoding: try reader.span(try reader.length()))
            case 4 << 3 | 2: try reader.numbers(into: &options)
            case 5 << 3: date = try reader.zigzag32()
            case 6 << 3: dateTime = Int64(bitPattern: try reader.varint())
            case 7 << 3 | 2: try reader.numbers(into: &people)
            default: try reader.skipField(tag)
            }
        }
    }
}

extension ByteReader {
    /// A length and that many bytes: where they lie.
    @_lifetime(self: copy self)
    fileprivate mutating func place() throws(Corruption) -> Range<Int> {
        let length = try length()
        let start = offset
        try skip(length)
        return start..<offset
    }

    /// Packed numbers of 64 bits.
    @_lifetime(self: copy self)
    fileprivate mutating func numbers(into list: inout [UInt64]) throws(Corruption) {
        let outer = try enter()
        while !isAtEnd { list.append(try fixed()) }
        leave(outer)
    }
}
