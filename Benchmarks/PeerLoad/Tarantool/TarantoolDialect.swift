/// IPROTO. A task is a tuple in a synchronous space with one index for the sections and one for the
/// people; every operation is one request to the space itself, without Lua, and a create lets the
/// server's sequence number the task. Only loading calls a stored procedure, for a transaction of
/// many.
struct TarantoolDialect: Dialect {
    private static let space: UInt64 = 512
    private static let sectionIndex: UInt64 = 1
    private static let greetingBytes = 128
    private static let columns = 13

    private enum Request {
        static let select: UInt8 = 1
        static let insert: UInt8 = 2
        static let update: UInt8 = 4
        static let call: UInt8 = 10
    }

    private enum Key {
        static let type: UInt8 = 0x00
        static let sync: UInt8 = 0x01
        static let space: UInt8 = 0x10
        static let index: UInt8 = 0x11
        static let limit: UInt8 = 0x12
        static let offset: UInt8 = 0x13
        static let iterator: UInt8 = 0x14
        static let key: UInt8 = 0x20
        static let tuple: UInt8 = 0x21
        static let function: UInt8 = 0x22
        static let data: UInt64 = 0x30
        static let error: UInt64 = 0x31
    }

    private let workload: Workload
    var problem = ""
    private var isGreeted = false

    init(_ workload: Workload, token: String, capacity: Int) { self.workload = workload }

    mutating func greet(_ output: ByteQueue) {}
    mutating func finishBatch(_ output: ByteQueue) {}

    // MARK: - Writing

    /// A request's length and header; the length is filled in by `end`.
    private func begin(_ type: UInt8, _ ticket: UInt32, _ output: ByteQueue) -> Int {
        let mark = output.mark
        output.append(0xCE)
        output.append(big: UInt32(0))
        output.append([0x82, Key.type, type, Key.sync, 0xCE])
        output.append(big: ticket)
        return mark
    }

    private func end(_ request: Int, _ output: ByteQueue) {
        output.overwrite(at: request + 1, big: UInt32(output.mark - request - 5))
    }

    private func append(_ key: UInt8, _ value: UInt64, _ output: ByteQueue) {
        output.append(key)
        output.append(packed: value)
    }

    mutating func write(_ ask: Ask, _ ticket: UInt32, _ output: ByteQueue) {
        let request: Int
        switch ask.operation {
        case .create:
            request = begin(Request.insert, ticket, output)
            output.append(0x82)
            append(Key.space, Self.space, output)
            output.append(Key.tuple)
            appendTuple(section: ask.key, output)
        case .update:
            request = begin(Request.update, ticket, output)
            appendUpdate(workload.keys.tasks[ask.key], output)
        case .get:
            request = begin(Request.select, ticket, output)
            appendSelect(index: 0, limit: 1, key: workload.keys.tasks[ask.key], output)
        case .list:
            request = begin(Request.select, ticket, output)
            appendSelect(
                index: Self.sectionIndex, limit: UInt64(Workload.listLength),
                key: workload.keys.sections[ask.key], output)
        case .bulk:
            request = begin(Request.call, ticket, output)
            output.append([0x82, Key.function])
            output.append(packed: Array("load".utf8))
            output.append([Key.tuple, 0x91, 0xDC])
            output.append(big: UInt16(ask.count))
            for index in ask.key..<(ask.key + ask.count) {
                appendTuple(section: index % workload.keys.sections.count, output)
            }
        case .people, .project, .sections:
            preconditionFailure("Tarantool needs no \(ask.operation)")
        }
        end(request, output)
    }

    private func appendSelect(index: UInt64, limit: UInt64, key: UInt64, _ output: ByteQueue) {
        output.append(0x86)
        append(Key.space, Self.space, output)
        append(Key.index, index, output)
        append(Key.limit, limit, output)
        append(Key.offset, 0, output)
        append(Key.iterator, 0, output)
        output.append([Key.key, 0x91])
        output.append(packed: key)
    }

    /// New notes, the time, and the version one higher.
    private func appendUpdate(_ id: UInt64, _ output: ByteQueue) {
        output.append(0x84)
        append(Key.space, Self.space, output)
        append(Key.index, 0, output)
        output.append([Key.key, 0x91])
        output.append(packed: id)
        output.append([Key.tuple, 0x93, 0x93, 0xA1, 0x3D, 3])
        output.append(packed: workload.texts.notes(workload.nextText()))
        output.append([0x93, 0xA1, 0x3D, 6])
        output.append(packed: workload.nextPosition())
        output.append([0x93, 0xA1, 0x2B, 1, 1])
    }

    /// The row; its id is for the server to give.
    private func appendTuple(section: Int, _ output: ByteQueue) {
        let position = workload.nextPosition()
        let person = workload.number(below: workload.keys.people.count)
        output.append([0x90 | UInt8(Self.columns), 0xC0])
        output.append(packed: 1)
        output.append(packed: workload.texts.name(workload.nextText()))
        output.append(packed: workload.texts.notes(workload.nextText()))
        output.append(packed: 1)
        output.append(packed: position)
        output.append(packed: position)
        output.append(0xC2)
        output.append(packed: workload.keys.people[person])
        output.append(packed: UInt64(20_700 + workload.number(below: 100)))
        output.append(packed: workload.keys.projects[section / Workload.sectionsPerProject])
        output.append(packed: workload.keys.sections[section])
        output.append(packed: position)
    }

    // MARK: - Reading

    mutating func next(_ input: ByteQueue, _ asks: Asks, _ output: ByteQueue) -> Event {
        guard isGreeted else {
            guard input.count >= Self.greetingBytes else { return .incomplete }
            input.consume(Self.greetingBytes)
            isGreeted = true
            return .ready
        }
        guard input.count >= 5 else { return .incomplete }
        let start = input.front
        let length = 5 + Int(start.big(1, UInt32.self))
        guard input.count >= length else { return .incomplete }
        input.consume(length)
        var reader = MessagePackReader(start + 5, count: length - 5)
        var status: UInt64?
        var ticket: UInt64?
        for _ in 0..<(reader.popMap() ?? 0) {
            switch reader.popNumber() {
            case UInt64(Key.type): status = reader.popNumber()
            case UInt64(Key.sync): ticket = reader.popNumber()
            default: reader.skip()
            }
        }
        guard let status, let ticket else {
            problem = "an answer has no header"
            return .broken
        }
        let number = UInt32(truncatingIfNeeded: ticket)
        return .answered(ticket: number, isCorrect: takeBody(&reader, status, asks[number]))
    }

    private mutating func takeBody(
        _ reader: inout MessagePackReader, _ status: UInt64, _ ask: Ask
    ) -> Bool {
        for _ in 0..<(reader.popMap() ?? 0) {
            switch reader.popNumber() {
            case Key.error: problem = reader.popText()
            case Key.data where status == 0:
                let isCorrect = check(&reader, ask)
                if !isCorrect, problem.isEmpty { problem = "a wrong answer to \(ask.operation)" }
                return isCorrect
            default: reader.skip()
            }
        }
        return false
    }

    private func check(_ reader: inout MessagePackReader, _ ask: Ask) -> Bool {
        guard let rows = reader.popArray() else { return false }
        switch ask.operation {
        case .create: return rows == 1 && id(&reader) ?? 0 > 0
        case .update, .get: return rows == 1 && id(&reader) == workload.keys.tasks[ask.key]
        case .list:
            guard rows == workload.listed else { return false }
            for place in 0..<rows {
                let task = workload.task(at: place, ofSection: ask.key)
                guard id(&reader) == workload.keys.tasks[task] else { return false }
            }
            return true
        // The procedure returns the first id it gave.
        case .bulk: return rows == 1 && reader.popNumber() == UInt64(ask.key + 1)
        case .people, .project, .sections: return false
        }
    }

    /// The first field of a tuple, which is passed over.
    private func id(_ reader: inout MessagePackReader) -> UInt64? {
        guard reader.popArray() == Self.columns, let id = reader.popNumber() else { return nil }
        for _ in 1..<Self.columns { reader.skip() }
        return id
    }
}
