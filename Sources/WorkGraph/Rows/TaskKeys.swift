internal import ByteCoding
internal import WorkProtocol

/// What the indexes need to know of a task, read from its row without decoding the rest.
struct TaskKeys: Equatable {
    var assignee: UInt64 = 0
    var createdBy: UInt64 = 0
    var bucket: Bucket = .none
    var bucketRank: Int64 = 0
    var completed = false
    var isPublic = false
    var deletedAt: Int64 = 0
    var parent: UInt32 = 0
    var parentRank: Int64 = 0
    var placements: [StoredPlacement] = []
    var labels: [UInt32] = []
    var dependencies: [UInt32] = []
    var collaborators: [UInt64] = []
    var external: External?

    var isDeleted: Bool { deletedAt != 0 }

    /// Reads a `TaskRow`'s bytes. Complexity: O(bytes), nothing allocated but the lists.
    init(decoding bytes: RawSpan) throws(Corruption) {
        var reader = ByteReader(bytes)
        while !reader.isAtEnd {
            let tag = try reader.varint()
            try read(field: tag >> 3, type: tag & 7, from: &reader)
        }
    }

    private mutating func read(
        field: UInt64, type: UInt64, from reader: inout ByteReader
    ) throws(Corruption) {
        switch (field, type) {
        case (7, 1): createdBy = try reader.fixed()
        case (10, 0): completed = try reader.varint() != 0
        case (13, 1): assignee = try reader.fixed()
        case (15, 0):
            bucket = Bucket(rawValue: UInt32(truncatingIfNeeded: try reader.varint())) ?? .none
        case (20, 2):
            let length = try reader.length()
            external = try External(decoding: reader.span(length))
        case (21, 0): isPublic = try reader.varint() != 0
        case (22, 0): deletedAt = Int64(bitPattern: try reader.varint())
        case (64, 5): parent = try reader.fixed()
        case (65, 0): parentRank = Self.zigzag(try reader.varint())
        case (66, 2):
            let length = try reader.length()
            placements.append(try StoredPlacement(decoding: reader.span(length)))
        case (67, 2): collaborators += try Self.packed(&reader)
        case (69, 2): labels += try Self.packed(&reader)
        case (70, 2): dependencies += try Self.packed(&reader)
        case (72, 0): bucketRank = Self.zigzag(try reader.varint())
        default: try Self.skip(type, &reader)
        }
    }

    private static func zigzag(_ value: UInt64) -> Int64 {
        Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    private static func packed<Value: FixedWidthInteger & BitwiseCopyable>(
        _ reader: inout ByteReader
    ) throws(Corruption) -> [Value] {
        let end = try reader.length() &+ reader.offset
        var values: [Value] = []
        while reader.offset < end { values.append(try reader.fixed()) }
        return values
    }

    private static func skip(_ type: UInt64, _ reader: inout ByteReader) throws(Corruption) {
        switch type {
        case 0: _ = try reader.varint()
        case 1: try reader.skip(8)
        case 2: try reader.skip(try reader.length())
        case 5: try reader.skip(4)
        default: throw reader.corruption(expected: "a wire type", found: "\(type)")
        }
    }
}
