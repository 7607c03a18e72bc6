package import ByteCoding

extension Extensions {
    /// The types this program knows.
    enum Kind: UInt8 {
        case acknowledged = 0x03
        case position = 0x04
        case trace = 0x05
        case highestEpoch = 0x06
        case priority = 0x07
        case cost = 0x08
        case standing = 0x0B
        case requestID = 0x82
        case minimumPosition = 0x84
        case methodName = 0x89
        case minimumReplicas = 0x8A
        case after = 0x8B
    }

    /// What type and length take.
    private static let overhead = 3

    /// How many bytes the extensions take in a frame. Complexity: O(1).
    package var encodedByteCount: Int {
        var count = 0
        if let requestID {
            count += Extensions.overhead + 24
            if requestID.acknowledged > 0 { count += Extensions.overhead + 8 }
            if requestID.after > 0 { count += Extensions.overhead + 8 }
        }
        if minimumPosition != nil { count += Extensions.overhead + 16 }
        if minimumReplicas != nil { count += Extensions.overhead + 1 }
        if position != nil { count += Extensions.overhead + 16 }
        if standing != nil { count += Extensions.overhead + 21 }
        if highestEpoch != nil { count += Extensions.overhead + 12 }
        if priority != nil { count += Extensions.overhead + 1 }
        if cost != nil { count += Extensions.overhead + 8 }
        if !trace.isEmpty { count += Extensions.overhead + trace.count }
        if let methodName { count += Extensions.overhead + methodName.utf8.count }
        return count
    }

    /// Appends the extensions, by rising type.
    package func encode(into writer: inout ByteWriter) {
        if let requestID, requestID.acknowledged > 0 {
            Extensions.begin(.acknowledged, 8, &writer)
            writer.append(fixed: requestID.acknowledged)
        }
        if let position { Extensions.append(.position, position, &writer) }
        if !trace.isEmpty {
            Extensions.begin(.trace, trace.count, &writer)
            writer.append(trace)
        }
        if let highestEpoch {
            Extensions.begin(.highestEpoch, 12, &writer)
            Extensions.append(highestEpoch, &writer)
        }
        if let priority {
            Extensions.begin(.priority, 1, &writer)
            writer.append(priority.rawValue)
        }
        if let cost {
            Extensions.begin(.cost, 8, &writer)
            writer.append(fixed: cost.spent)
            writer.append(fixed: cost.left)
        }
        if let standing {
            Extensions.begin(.standing, 21, &writer)
            Extensions.append(standing.epoch, &writer)
            writer.append(standing.replicas)
            writer.append(fixed: standing.workspacePosition)
        }
        encodeCritical(into: &writer)
    }

    private func encodeCritical(into writer: inout ByteWriter) {
        if let requestID {
            Extensions.begin(.requestID, 24, &writer)
            writer.append(fixed: requestID.high.byteSwapped)
            writer.append(fixed: requestID.low.byteSwapped)
            writer.append(fixed: requestID.sequence)
        }
        if let minimumPosition { Extensions.append(.minimumPosition, minimumPosition, &writer) }
        if let methodName {
            Extensions.begin(.methodName, methodName.utf8.count, &writer)
            writer.append(utf8: methodName)
        }
        if let minimumReplicas {
            Extensions.begin(.minimumReplicas, 1, &writer)
            writer.append(minimumReplicas)
        }
        if let requestID, requestID.after > 0 {
            Extensions.begin(.after, 8, &writer)
            writer.append(fixed: requestID.after)
        }
    }

    private static func begin(_ kind: Kind, _ count: Int, _ writer: inout ByteWriter) {
        writer.append(kind.rawValue)
        writer.append(fixed: UInt16(count))
    }

    private static func append(_ epoch: WireEpoch, _ writer: inout ByteWriter) {
        writer.append(fixed: epoch.version)
        writer.append(fixed: epoch.boot)
    }

    private static func append(
        _ kind: Kind, _ token: PositionToken, _ writer: inout ByteWriter
    ) {
        begin(kind, 16, &writer)
        writer.append(fixed: token.high)
        writer.append(fixed: token.low)
    }
}

extension Extensions {
    /// The extensions in `bytes`, all of which must be theirs. A critical type that is unknown is
    /// remembered (`rejection`), and everything else is read all the same.
    package init(decoding bytes: RawSpan) throws(FrameError) {
        var reader = ByteReader(bytes)
        var seen = SeenTypes()
        var acknowledged: UInt64 = 0
        var after: UInt64 = 0
        do throws(Corruption) {
            while !reader.isAtEnd {
                let type = try reader.byte()
                let count = Int(try reader.fixed(UInt16.self))
                guard seen.insert(type) else {
                    throw reader.corruption(
                        expected: seen.count > Limits.extensionCount
                            ? "at most \(Limits.extensionCount) extensions"
                            : "each extension once",
                        found: "another of type \(type)")
                }
                try read(type, count, &reader, &acknowledged, &after)
            }
            if after > 0, requestID == nil {
                throw reader.corruption(expected: "a request ID", found: "8B without one")
            }
        } catch {
            throw FrameError(
                seen.count > Limits.extensionCount ? .tooLarge : .malformed,
                offset: FrameHeader.byteCount + error.offset, expected: error.expected,
                found: error.found)
        }
        requestID?.acknowledged = acknowledged
        requestID?.after = after
    }

    private mutating func read(
        _ type: UInt8, _ count: Int, _ reader: inout ByteReader, _ acknowledged: inout UInt64,
        _ after: inout UInt64
    ) throws(Corruption) {
        guard let kind = Kind(rawValue: type) else {
            if type >= 0x80, unknownCritical == nil { unknownCritical = type }
            return try reader.skip(count)
        }
        if let size = kind.size, size != count {
            throw reader.corruption(
                expected: "\(size) bytes of \(kind)", found: "length \(count)")
        }
        switch kind {
        case .acknowledged: acknowledged = try reader.fixed()
        case .position: position = try reader.positionToken()
        case .trace: trace = try reader.array(count)
        case .highestEpoch: highestEpoch = try reader.wireEpoch()
        case .priority: priority = Priority(rawValue: try reader.byte())
        case .cost: cost = Cost(spent: try reader.fixed(), left: try reader.fixed())
        case .standing:
            standing = Standing(
                epoch: try reader.wireEpoch(), replicas: try reader.byte(),
                workspacePosition: try reader.fixed())
        case .requestID: requestID = try reader.requestID()
        case .minimumPosition: minimumPosition = try reader.positionToken()
        case .methodName: methodName = try reader.string(count)
        case .minimumReplicas: minimumReplicas = try reader.byte()
        case .after: after = try reader.fixed()
        }
    }
}

extension Extensions.Kind {
    /// The only size a value of this kind has; nil where it varies.
    fileprivate var size: Int? {
        switch self {
        case .acknowledged, .cost, .after: 8
        case .position, .minimumPosition: 16
        case .highestEpoch: 12
        case .priority, .minimumReplicas: 1
        case .standing: 21
        case .requestID: 24
        case .trace, .methodName: nil
        }
    }
}

/// Which of the 256 types have been met, and how many.
private struct SeenTypes {
    var bits = SIMD4<UInt64>()
    var count = 0

    /// Whether the type was new and its number within the limit.
    mutating func insert(_ type: UInt8) -> Bool {
        let word = Int(type >> 6)
        let bit = UInt64(1) << UInt64(type & 63)
        count += 1
        guard bits[word] & bit == 0 else { return false }
        bits[word] |= bit
        return count <= Limits.extensionCount
    }
}

extension ByteReader {
    @_lifetime(self: copy self)
    fileprivate mutating func positionToken() throws(Corruption) -> PositionToken {
        PositionToken(high: try fixed(), low: try fixed())
    }

    @_lifetime(self: copy self)
    fileprivate mutating func wireEpoch() throws(Corruption) -> WireEpoch {
        WireEpoch(version: try fixed(), boot: try fixed())
    }

    @_lifetime(self: copy self)
    fileprivate mutating func requestID() throws(Corruption) -> RequestID {
        RequestID(
            high: try fixed(UInt64.self).byteSwapped, low: try fixed(UInt64.self).byteSwapped,
            sequence: try fixed())
    }
}
