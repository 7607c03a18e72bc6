/// HFP/1: frames with hand-written protobuf, as the page Formats-Wire has them. Speaks as the
/// client library does: a request ID on each command, the lowest sequence without an answer beside
/// it, and on each request the highest epoch seen.
struct HoldfastDialect: Dialect {
    private static let headerBytes = 32
    /// The one workspace of a fresh store.
    private static let workspace: UInt64 = 1
    private static let timeoutMilliseconds: UInt32 = 10_000

    let workload: Workload
    private let token: String
    var problem = ""
    private var session: (time: UInt64, random: UInt64) = (0, 0)
    private var epoch: (version: UInt64, boot: UInt32) = (0, 0)
    private var sequences: RequestSequences

    init(_ workload: Workload, token: String, capacity: Int) {
        self.workload = workload
        self.token = token
        sequences = RequestSequences(capacity: capacity)
    }

    /// People, then projects, each with its sections, which are asked for after it.
    static func preparation(_ keys: KeyFile) -> [Ask] {
        let people = stride(from: 0, to: keys.people.count, by: 1_000).map {
            Ask(operation: .people, key: $0, count: min(1_000, keys.people.count - $0))
        }
        let projects = keys.projects.indices.flatMap {
            [Ask(operation: .project, key: $0), Ask(operation: .sections, key: $0)]
        }
        return people + projects
    }

    // MARK: - Writing

    private enum FrameType {
        static let hello: UInt8 = 0x01
        static let helloOk: UInt8 = 0x02
        static let ping: UInt8 = 0x04
        static let pong: UInt8 = 0x05
        static let goAway: UInt8 = 0x06
        static let request: UInt8 = 0x10
        static let response: UInt8 = 0x11
    }

    private enum Method {
        static let ensurePeople: UInt16 = 0x020B
        static let createProject: UInt16 = 0x0501
        static let listSections: UInt16 = 0x050E
        static let createTask: UInt16 = 0x0601
        static let updateTask: UInt16 = 0x0602
        static let getTask: UInt16 = 0x0604
        static let listTasks: UInt16 = 0x0605
        static let bulk: UInt16 = 0x0611
    }

    mutating func greet(_ output: ByteQueue) {
        output.append([0x48, 0x46, 0x50, 0x01, 0x0D, 0x0A, 0x1A, 0x0A])
        let frame = begin(output, FrameType.hello)
        output.append([0x0A, 0x01, 0x01])
        output.append(0x22)
        appendBytes(Array("peer-load".utf8), output)
        output.append(0x3A)
        appendBytes(Array(token.utf8), output)
        end(frame, output)
    }

    /// A header whose length is filled in by `end`.
    private func begin(
        _ output: ByteQueue, _ type: UInt8, code: UInt16 = 0, stream: UInt32 = 0, aux: UInt32 = 0,
        route: UInt64 = 0, extensions: Int = 0
    ) -> Int {
        let mark = output.mark
        let isRequest = type == FrameType.request
        output.append(little: UInt32(0))
        output.append(type)
        output.append(isRequest ? 1 : 0)
        output.append(little: code)
        output.append(little: stream)
        output.append(little: aux)
        output.append(little: route)
        output.append(little: UInt16(extensions))
        output.append(little: UInt16(0))
        output.append(little: UInt32(0))
        return mark
    }

    private func end(_ frame: Int, _ output: ByteQueue) {
        output.overwrite(at: frame, little: UInt32(output.mark - frame - 4))
    }

    /// - Parameter route: what is asked for; it tells the workspace, too.
    private func query(
        _ method: UInt16, _ ticket: UInt32, _ output: ByteQueue, route: UInt64
    ) -> Int {
        let frame = begin(
            output, FrameType.request, code: method, stream: ticket &* 2 &+ 1,
            aux: Self.timeoutMilliseconds, route: route, extensions: 15)
        appendEpoch(output)
        return frame
    }

    private mutating func command(
        _ method: UInt16, _ ticket: UInt32, _ output: ByteQueue, route: UInt64 = Self.workspace
    ) -> Int {
        let frame = begin(
            output, FrameType.request, code: method, stream: ticket &* 2 &+ 1,
            aux: Self.timeoutMilliseconds, route: route, extensions: 53)
        let sequence = sequences.begin(ticket)
        output.append(0x03)
        output.append(little: UInt16(8))
        output.append(little: sequences.lowest)
        appendEpoch(output)
        output.append(0x82)
        output.append(little: UInt16(24))
        output.append(big: session.time)
        output.append(big: session.random)
        output.append(little: sequence)
        return frame
    }

    private func appendEpoch(_ output: ByteQueue) {
        output.append(0x06)
        output.append(little: UInt16(12))
        output.append(little: epoch.version)
        output.append(little: epoch.boot)
    }

    private func appendBytes(_ bytes: [UInt8], _ output: ByteQueue) {
        output.append(varint: UInt64(bytes.count))
        output.append(bytes)
    }

    mutating func write(_ ask: Ask, _ ticket: UInt32, _ output: ByteQueue) {
        let frame: Int
        switch ask.operation {
        case .create:
            let section = workload.keys.sections[ask.key]
            frame = command(Method.createTask, ticket, output, route: section)
            appendTask(section: ask.key, output)
        case .update:
            let task = workload.keys.tasks[ask.key]
            frame = command(Method.updateTask, ticket, output, route: task)
            output.append(0x09)
            output.append(little: task)
            output.append(0x1A)
            appendBytes(workload.texts.notes(workload.nextText()), output)
        case .get:
            let task = workload.keys.tasks[ask.key]
            frame = query(Method.getTask, ticket, output, route: task)
            output.append(0x09)
            output.append(little: task)
        case .list:
            let section = workload.keys.sections[ask.key]
            frame = query(Method.listTasks, ticket, output, route: section)
            output.append(0x11)
            output.append(little: section)
            output.append([0x40, UInt8(Workload.listLength)])
        case .bulk:
            frame = command(Method.bulk, ticket, output)
            appendBulk(ask, output)
        case .people:
            frame = command(Method.ensurePeople, ticket, output, route: 0)
            appendPeople(ask, output)
        case .project:
            frame = command(Method.createProject, ticket, output)
            appendProject(ask.key, output)
        case .sections:
            let project = workload.keys.projects[ask.key]
            frame = query(Method.listSections, ticket, output, route: project)
            output.append(0x09)
            output.append(little: project)
        }
        end(frame, output)
    }

    mutating func finishBatch(_ output: ByteQueue) {}

    // MARK: - Messages

    /// `CreateTask`: name, notes, assignee, day, place.
    private func appendTask(section: Int, _ output: ByteQueue) {
        let texts = workload.texts
        output.append(0x0A)
        appendBytes(texts.name(workload.nextText()), output)
        output.append(0x12)
        appendBytes(texts.notes(workload.nextText()), output)
        output.append(0x29)
        output.append(
            little: workload.keys.people[workload.number(below: workload.keys.people.count)])
        output.append(0x40)
        output.append(varint: UInt64(2 * (20_700 + workload.number(below: 100))))
        output.append([0x62, 18, 0x09])
        output.append(little: workload.keys.projects[section / Workload.sectionsPerProject])
        output.append(0x11)
        output.append(little: workload.keys.sections[section])
    }

    /// All tasks have the same length, so the lengths around them are known.
    private var taskBytes: Int {
        let name = workload.texts.name(0).count
        let notes = workload.texts.notes(0).count
        return 2 + varintCount(name) - 1 + name + 2 + varintCount(notes) - 1 + notes + 9 + 4 + 20
    }

    private func appendBulk(_ ask: Ask, _ output: ByteQueue) {
        let inner = taskBytes
        for index in ask.key..<(ask.key + ask.count) {
            output.append(0x0A)
            output.append(varint: UInt64(1 + varintCount(inner) + inner))
            output.append(0x0A)
            output.append(varint: UInt64(inner))
            let mark = output.mark
            appendTask(section: index % workload.keys.sections.count, output)
            precondition(output.mark - mark == inner, "a task has another length than was said")
        }
        output.append([0x10, 0x01])
    }

    private func appendPeople(_ ask: Ask, _ output: ByteQueue) {
        output.append([0x08, UInt8(Self.workspace)])
        for person in ask.key..<(ask.key + ask.count) {
            let name = Array("Person \(person)".utf8)
            let external = Array("load:\(person)".utf8)
            output.append(0x12)
            output.append(varint: UInt64(name.count + external.count + 6))
            output.append(0x12)
            appendBytes(name, output)
            output.append([0x52, UInt8(external.count + 2), 0x0A])
            appendBytes(external, output)
        }
    }

    private func appendProject(_ number: Int, _ output: ByteQueue) {
        output.append(0x0A)
        appendBytes(Array("Project \(number)".utf8), output)
        for section in 0..<Workload.sectionsPerProject {
            output.append(0x72)
            appendBytes(Array("Section \(section)".utf8), output)
        }
    }

    // MARK: - Reading

    mutating func next(_ input: ByteQueue, _ asks: Asks, _ output: ByteQueue) -> Event {
        guard input.count >= Self.headerBytes else { return .incomplete }
        let frame = input.front
        let length = Int(frame.little(0, UInt32.self)) + 4
        guard input.count >= length else { return .incomplete }
        let extensions = Int(frame.little(24, UInt16.self))
        guard length >= Self.headerBytes + extensions else { return broken("a frame is too short") }
        let payload = frame + Self.headerBytes + extensions
        let message = ProtobufView(payload, count: length - Self.headerBytes - extensions)
        // Nothing is written to `input` before this function returns, so what is consumed is still
        // there to be read.
        input.consume(length)
        switch frame.byte(4) {
        case FrameType.response: return response(frame, message, asks)
        case FrameType.helloOk: return welcome(message)
        case FrameType.ping:
            let pong = begin(output, FrameType.pong, aux: frame.little(12, UInt32.self))
            end(pong, output)
            return .passed
        case FrameType.goAway: return broken(message.text(field: 2))
        case let type where type >= 0x80 || type == 0x07: return .passed
        default: return broken("a frame of type \(frame.byte(4))")
        }
    }

    private mutating func broken(_ why: String) -> Event {
        problem = why
        return .broken
    }

    private mutating func welcome(_ message: ProtobufView) -> Event {
        guard message.text(field: 7) == "primary" else {
            return broken("the node is no primary: \(message.text(field: 7))")
        }
        epoch = (message.varint(field: 5), UInt32(truncatingIfNeeded: message.varint(field: 6)))
        // Until the first draw no two connections of a run differ; the clock tells runs apart.
        session.time = message.varint(field: 15) << 16 | UInt64(workload.number(below: 1 << 16))
        session.random = realTime() << 20 ^ UInt64(workload.number(below: 1 << 62))
        return .ready
    }

    private mutating func response(
        _ frame: UnsafeRawPointer, _ message: ProtobufView, _ asks: Asks
    ) -> Event {
        guard frame.byte(5) == 1 else { return broken("an answer came in parts") }
        let ticket = frame.little(8, UInt32.self) / 2
        sequences.finish(ticket)
        let status = frame.little(6, UInt16.self)
        guard status == 0 else {
            problem = "\(message.varint(field: 1)) \(message.text(field: 2))"
            return .answered(ticket: ticket, isCorrect: false)
        }
        let isCorrect = check(message, asks[ticket])
        if !isCorrect, problem.isEmpty { problem = "a wrong answer to \(asks[ticket].operation)" }
        return .answered(ticket: ticket, isCorrect: isCorrect)
    }
}
