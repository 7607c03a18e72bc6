package import ByteCoding
internal import Environment

extension PeerMessage {
    /// The message in `bytes`, all of them. Every length and number is checked before it is used.
    package init(_ bytes: RawSpan) throws(Corruption) {
        var reader = ByteReader(bytes)
        self = try PeerMessage.read(&reader)
        guard reader.isAtEnd else {
            throw reader.corruption(
                expected: "the end of the message", found: "\(reader.remaining) bytes")
        }
    }

    private static func read(_ reader: inout ByteReader) throws(Corruption) -> PeerMessage {
        let kind = try reader.byte()
        switch kind {
        case 1: return .hello(try reader.hello())
        case 2: return .rejected(try reader.choice(), text: try reader.text(atMost: textBytes))
        case 3: return .reign(try reader.reign())
        case 4: return .append(try reader.append())
        case 5:
            let (epoch, commit) = (try reader.checkedEpoch(), try reader.place())
            return .heartbeat(
                epoch: epoch, commit: commit, token: Instant(nanoseconds: try reader.fixed()))
        case 6: return .ack(try reader.ack())
        case 7:
            return .fenced(promised: try reader.checkedEpoch(), register: try reader.register())
        case 8: return .resign(epoch: try reader.checkedEpoch())
        case 9:
            let epoch = try reader.checkedEpoch()
            return .snapshotBegin(epoch: epoch, manifest: try reader.blob(atMost: manifestBytes))
        case 10:
            let (file, offset) = (try reader.fixed(UInt32.self), try reader.fixed(UInt64.self))
            let bytes = try reader.blob(atMost: chunkBytes)
            return .snapshotChunk(file: file, offset: offset, bytes: bytes)
        case 11: return .snapshotEnd
        case 12:
            let (epoch, place) = (try reader.checkedEpoch(), try reader.place())
            let digests = try reader.blob(atMost: manifestBytes)
            return .digest(epoch: epoch, at: place, digests: digests)
        case 13: return .digestDiffers(epoch: try reader.checkedEpoch(), at: try reader.place())
        case 14: return .handOverAsked(try reader.words())
        case 15: return .handOverRefused(text: try reader.text(atMost: textBytes))
        case 16: return .handOver(try reader.register())
        case 17: return .tailAsked(after: try reader.checkedHead())
        case 18: return try reader.tail()
        default: throw reader.corruption(expected: "a message between nodes", found: "\(kind)")
        }
    }
}

extension ByteReader {
    /// Registers and epochs count single acts of operators: a number near the end of 64 bits is not
    /// one, and would overflow when the next is made.
    fileprivate static let versionLimit: UInt64 = 1 << 62

    @_lifetime(self: copy self)
    fileprivate mutating func checkedEpoch() throws(Corruption) -> Epoch {
        let epoch = try epoch()
        guard epoch.version < Self.versionLimit, epoch.boot < UInt32.max else {
            throw corruption(expected: "an epoch", found: "\(epoch)")
        }
        return epoch
    }

    @_lifetime(self: copy self)
    fileprivate mutating func place() throws(Corruption) -> LSN {
        let place = LSN(try fixed())
        guard place.rawValue < Self.versionLimit else {
            throw corruption(expected: "an LSN", found: "\(place)")
        }
        return place
    }

    @_lifetime(self: copy self)
    fileprivate mutating func checkedHead() throws(Corruption) -> LogHead {
        LogHead(last: try place(), epoch: try checkedEpoch(), chain: try fixed())
    }

    @_lifetime(self: copy self)
    fileprivate mutating func choice<Choice: RawRepresentable>() throws(Corruption) -> Choice
    where Choice.RawValue == UInt8 {
        let code = try byte()
        guard let choice = Choice(rawValue: code) else {
            throw corruption(expected: "a \(Choice.self)", found: "\(code)")
        }
        return choice
    }

    @_lifetime(self: copy self)
    fileprivate mutating func flag() throws(Corruption) -> Bool {
        let code = try byte()
        guard code <= 1 else { throw corruption(expected: "0 or 1", found: "\(code)") }
        return code == 1
    }

    @_lifetime(self: copy self)
    fileprivate mutating func token() throws(Corruption) -> Instant? {
        try flag() ? Instant(nanoseconds: try fixed()) : nil
    }

    @_lifetime(self: copy self)
    fileprivate mutating func blob(atMost limit: Int) throws(Corruption) -> [UInt8] {
        let count = Int(try fixed(UInt32.self))
        guard count <= limit else {
            throw corruption(expected: "at most \(limit) bytes", found: "\(count)")
        }
        return try array(count)
    }

    @_lifetime(self: copy self)
    fileprivate mutating func register() throws(Corruption) -> Register {
        let count = Int(try fixed(UInt16.self))
        let register = try Register(array(count))
        guard register.version < Self.versionLimit else {
            throw corruption(expected: "a register version", found: "\(register.version)")
        }
        return register
    }

    @_lifetime(self: copy self)
    fileprivate mutating func hello() throws(Corruption) -> Hello {
        Hello(
            format: try fixed(), node: try identity(), cluster: try identity(),
            history: try identity(), role: try choice(), soundness: try choice(),
            promised: try checkedEpoch(), register: try register(), head: try checkedHead(),
            epochs: try epochs())
    }

    @_lifetime(self: copy self)
    private mutating func epochs() throws(Corruption) -> EpochHistory {
        let count = Int(try fixed(UInt16.self))
        guard count <= EpochHistory.limit else {
            throw corruption(expected: "at most \(EpochHistory.limit) epochs", found: "\(count)")
        }
        var starts: [EpochStart] = []
        for _ in 0..<count {
            let start = EpochStart(epoch: try checkedEpoch(), first: try place())
            guard start.first > .zero else {
                throw corruption(expected: "an epoch that begins at LSN 1 or later", found: "0")
            }
            starts.append(start)
        }
        guard let epochs = EpochHistory(starts) else {
            throw corruption(expected: "rising epochs", found: "others")
        }
        return epochs
    }

    @_lifetime(self: copy self)
    fileprivate mutating func reign() throws(Corruption) -> ReignStart {
        ReignStart(
            epoch: try checkedEpoch(), register: try register(), start: try checkedHead(),
            goal: try place(), commit: try place(), token: try token())
    }

    @_lifetime(self: copy self)
    fileprivate mutating func append() throws(Corruption) -> Append {
        let (epoch, previous) = (try checkedEpoch(), try checkedHead())
        let (commit, token) = (try place(), try token())
        return Append(
            epoch: epoch, previous: previous, batch: try batch(), commit: commit, token: token)
    }

    @_lifetime(self: copy self)
    fileprivate mutating func ack() throws(Corruption) -> Ack {
        Ack(
            epoch: try checkedEpoch(), flushed: try place(), applied: try place(),
            token: try token(), isSound: try flag())
    }

    @_lifetime(self: copy self)
    fileprivate mutating func words() throws(Corruption) -> Words {
        Words(
            reason: try text(atMost: Register.reasonBytes),
            actor: try text(atMost: Register.actorBytes), at: try fixed())
    }

    @_lifetime(self: copy self)
    private mutating func batch() throws(Corruption) -> Batch {
        let batch = Batch(
            epoch: try checkedEpoch(), first: try place(), count: try fixed(), time: try fixed(),
            previousChain: try fixed(), payload: try blob(atMost: LogLimits.batchBytes))
        guard batch.first > .zero, (1...UInt32(LogLimits.recordsInBatch)).contains(batch.count)
        else {
            throw corruption(
                expected: "a batch of records", found: "\(batch.count) at \(batch.first)")
        }
        return batch
    }

    @_lifetime(self: copy self)
    fileprivate mutating func tail() throws(Corruption) -> PeerMessage {
        let (after, isLast, count) = (try place(), try flag(), Int(try fixed(UInt32.self)))
        var batches: [Batch] = []
        for _ in 0..<count { batches.append(try batch()) }
        return .tail(after: after, batches: batches, isLast: isLast)
    }
}
