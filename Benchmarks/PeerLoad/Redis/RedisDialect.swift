/// RESP. A task is a hash with the fields of the row; a section and a person's list are sorted sets
/// of task ids. A create is one transaction; a batch of writes ends with one `WAIT 1`, and its
/// writes are done when that is answered.
struct RedisDialect: Dialect {
    private static let columns = 13

    /// What the answers that are expected next belong to.
    private struct Expected {
        enum Kind { case read, write, wait }
        var kind: Kind
        var ticket: UInt32 = 0
        /// How many replies there are.
        var replies: Int
    }

    private let workload: Workload
    var problem = ""
    private var expected: Ring<Expected>
    /// Writes that are answered and not yet known to be on the replica.
    private var held: Ring<(ticket: UInt32, isCorrect: Bool)>
    /// Writes whose `WAIT` is answered, to be told of one by one.
    private var released = 0
    private var isReplicated = true
    private var isWaitNeeded = false

    init(_ workload: Workload, token: String, capacity: Int) {
        self.workload = workload
        expected = Ring(capacity: capacity * 2)
        held = Ring(capacity: capacity)
    }

    mutating func greet(_ output: ByteQueue) {
        output.append("*1\r\n$4\r\nPING\r\n")
    }

    // MARK: - Writing

    mutating func write(_ ask: Ask, _ ticket: UInt32, _ output: ByteQueue) {
        switch ask.operation {
        case .create:
            let position = workload.nextPosition()
            appendCreate(id: position, position: position, section: ask.key, output)
            expected.append(Expected(kind: .write, ticket: ticket, replies: 5))
            isWaitNeeded = true
        case .update:
            appendUpdate(workload.keys.tasks[ask.key], output)
            expected.append(Expected(kind: .write, ticket: ticket, replies: 1))
            isWaitNeeded = true
        case .get:
            output.append("*2\r\n$7\r\nHGETALL\r\n")
            appendTaskKey(workload.keys.tasks[ask.key], output)
            expected.append(Expected(kind: .read, ticket: ticket, replies: 1))
        case .list:
            appendList(ask.key, output)
            expected.append(Expected(kind: .read, ticket: ticket, replies: 1))
        case .bulk:
            for index in ask.key..<(ask.key + ask.count) {
                let id = UInt64(index + 1)
                appendCreate(
                    id: id, position: id, section: index % workload.keys.sections.count, output)
            }
            expected.append(Expected(kind: .write, ticket: ticket, replies: 5 * ask.count))
            isWaitNeeded = true
        case .people, .project, .sections: preconditionFailure("Redis needs no \(ask.operation)")
        }
    }

    mutating func finishBatch(_ output: ByteQueue) {
        guard isWaitNeeded else { return }
        isWaitNeeded = false
        output.append("*3\r\n$4\r\nWAIT\r\n$1\r\n1\r\n$4\r\n9000\r\n")
        expected.append(Expected(kind: .wait, replies: 1))
    }

    private func appendCreate(id: UInt64, position: UInt64, section: Int, _ output: ByteQueue) {
        let person = workload.number(below: workload.keys.people.count)
        let day = UInt64(20_700 + workload.number(below: 100))
        output.append("*1\r\n$5\r\nMULTI\r\n*28\r\n$4\r\nHSET\r\n")
        appendTaskKey(id, output)
        append("$2\r\nid\r\n", id, output)
        append("$7\r\nversion\r\n", 1, output)
        append("$4\r\nname\r\n", workload.texts.name(workload.nextText()), output)
        append("$5\r\nnotes\r\n", workload.texts.notes(workload.nextText()), output)
        append("$10\r\ncreated_by\r\n", 1, output)
        append("$10\r\ncreated_at\r\n", position, output)
        append("$11\r\nmodified_at\r\n", position, output)
        append("$9\r\ncompleted\r\n", 0, output)
        append("$8\r\nassignee\r\n", workload.keys.people[person], output)
        append("$6\r\ndue_on\r\n", day, output)
        append(
            "$7\r\nproject\r\n", workload.keys.projects[section / Workload.sectionsPerProject],
            output)
        append("$7\r\nsection\r\n", workload.keys.sections[section], output)
        append("$8\r\nposition\r\n", position, output)
        output.append("*4\r\n$4\r\nZADD\r\n")
        appendSectionKey(workload.keys.sections[section], output)
        append(position, output)
        append(id, output)
        output.append("*4\r\n$4\r\nZADD\r\n$")
        let owner = workload.keys.people[person]
        output.append(decimal: UInt64(7 + digitCount(owner)))
        output.append("\r\nperson:")
        output.append(decimal: owner)
        output.append("\r\n")
        append(position, output)
        append(id, output)
        output.append("*1\r\n$4\r\nEXEC\r\n")
    }

    private func appendUpdate(_ id: UInt64, _ output: ByteQueue) {
        output.append("*6\r\n$4\r\nHSET\r\n")
        appendTaskKey(id, output)
        append("$5\r\nnotes\r\n", workload.texts.notes(workload.nextText()), output)
        append("$11\r\nmodified_at\r\n", workload.nextPosition(), output)
    }

    /// One command reads the order and the rows: `SORT` without sorting, with a pattern for each
    /// column. Faster than a Lua script that reads 50 hashes.
    private func appendList(_ section: Int, _ output: ByteQueue) {
        output.append("*33\r\n$4\r\nSORT\r\n")
        appendSectionKey(workload.keys.sections[section], output)
        output.append("$2\r\nBY\r\n$6\r\nnosort\r\n$5\r\nLIMIT\r\n$1\r\n0\r\n$2\r\n50\r\n")
        output.append("$3\r\nGET\r\n$1\r\n#\r\n$3\r\nGET\r\n$15\r\ntask:*->version\r\n")
        output.append("$3\r\nGET\r\n$12\r\ntask:*->name\r\n$3\r\nGET\r\n$13\r\ntask:*->notes\r\n")
        output.append("$3\r\nGET\r\n$18\r\ntask:*->created_by\r\n")
        output.append("$3\r\nGET\r\n$18\r\ntask:*->created_at\r\n")
        output.append("$3\r\nGET\r\n$19\r\ntask:*->modified_at\r\n")
        output.append("$3\r\nGET\r\n$17\r\ntask:*->completed\r\n")
        output.append("$3\r\nGET\r\n$16\r\ntask:*->assignee\r\n")
        output.append("$3\r\nGET\r\n$14\r\ntask:*->due_on\r\n")
        output.append("$3\r\nGET\r\n$15\r\ntask:*->project\r\n")
        output.append("$3\r\nGET\r\n$15\r\ntask:*->section\r\n")
        output.append("$3\r\nGET\r\n$16\r\ntask:*->position\r\n")
    }

    private func appendTaskKey(_ id: UInt64, _ output: ByteQueue) {
        output.append("$")
        output.append(decimal: UInt64(5 + digitCount(id)))
        output.append("\r\ntask:")
        output.append(decimal: id)
        output.append("\r\n")
    }

    private func appendSectionKey(_ id: UInt64, _ output: ByteQueue) {
        output.append("$")
        output.append(decimal: UInt64(8 + digitCount(id)))
        output.append("\r\nsection:")
        output.append(decimal: id)
        output.append("\r\n")
    }

    private func append(_ number: UInt64, _ output: ByteQueue) {
        output.append("$")
        output.append(decimal: UInt64(digitCount(number)))
        output.append("\r\n")
        output.append(decimal: number)
        output.append("\r\n")
    }

    private func append(_ field: StaticString, _ number: UInt64, _ output: ByteQueue) {
        output.append(field)
        append(number, output)
    }

    private func append(_ field: StaticString, _ text: [UInt8], _ output: ByteQueue) {
        output.append(field)
        output.append("$")
        output.append(decimal: UInt64(text.count))
        output.append("\r\n")
        output.append(text)
        output.append("\r\n")
    }

    // MARK: - Reading

    mutating func next(_ input: ByteQueue, _ asks: Asks, _ output: ByteQueue) -> Event {
        if released > 0, let write = held.popFirst() {
            released -= 1
            return .answered(ticket: write.ticket, isCorrect: write.isCorrect && isReplicated)
        }
        guard let reply = RESPReply(input.front, count: input.count) else { return .incomplete }
        input.consume(reply.count)
        if reply.isError { problem = reply.start.text(1, reply.count - 3) }
        guard var head = expected.first else {
            guard !reply.isError else { return .broken }
            return .ready
        }
        head.replies -= 1
        guard head.replies == 0, !reply.isError else {
            expected.first = head
            return reply.isError ? .broken : .passed
        }
        _ = expected.popFirst()
        switch head.kind {
        case .read:
            return .answered(ticket: head.ticket, isCorrect: check(reply, asks[head.ticket]))
        case .write:
            held.append((head.ticket, reply.start.byte(0) != 0x2D))
        case .wait:
            isReplicated = reply.number >= 1
            if !isReplicated { problem = "the replica did not acknowledge in time" }
            released = held.count
        }
        return .passed
    }

    private mutating func check(_ reply: RESPReply, _ ask: Ask) -> Bool {
        let isCorrect: Bool
        if ask.operation == .get {
            isCorrect =
                reply.number == UInt64(2 * Self.columns)
                && reply.element(1).number(workload.keys.tasks[ask.key])
        } else {
            isCorrect = checkList(reply, section: ask.key)
        }
        if !isCorrect, problem.isEmpty { problem = "a wrong answer to \(ask.operation)" }
        return isCorrect
    }

    /// The section's first tasks, in order, each with all columns.
    private func checkList(_ reply: RESPReply, section: Int) -> Bool {
        guard reply.number == UInt64(workload.listed * Self.columns) else { return false }
        var cursor = reply.elements
        for place in 0..<workload.listed {
            let task = workload.task(at: place, ofSection: section)
            guard cursor.number(workload.keys.tasks[task]) else { return false }
            for _ in 0..<Self.columns { cursor.skip() }
        }
        return true
    }
}
