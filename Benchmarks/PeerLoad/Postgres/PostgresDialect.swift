/// PostgreSQL's protocol 3 with prepared statements and binary values. Each operation is one
/// statement and one transaction (`Bind`, `Execute`, `Sync`); more than one may be under way on a
/// connection, which pipelines them.
struct PostgresDialect: Dialect {
    private static let columns =
        "id, version, name, notes, created_by, created_at, modified_at, completed, assignee, "
        + "due_on, project, section, position"

    /// Statements by their names, with the types of their parameters where they are not guessed.
    private static let statements: [(name: String, text: String)] = [
        (
            "c",
            "INSERT INTO task (name, notes, created_by, assignee, due_on, project, section, "
                + "position) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id"
        ),
        (
            "u",
            "UPDATE task SET notes = $2, modified_at = now(), version = version + 1 WHERE id = $1"
        ),
        ("g", "SELECT \(columns) FROM task WHERE id = $1"),
        ("l", "SELECT \(columns) FROM task WHERE section = $1 ORDER BY position LIMIT 50"),
    ]

    private let workload: Workload
    var problem = ""
    private var expected: Ring<UInt32>
    /// `ReadyForQuery` that are still to come: one after signing in, one after the statements.
    private var greetings = 2
    /// Of the answer that is coming: rows so far, and whether all was right.
    private var rows = 0
    private var isCorrect = true

    init(_ workload: Workload, token: String, capacity: Int) {
        self.workload = workload
        expected = Ring(capacity: capacity)
    }

    // MARK: - Writing

    mutating func greet(_ output: ByteQueue) {
        let settings = Array("user\0postgres\0database\0holdfast\0\0".utf8)
        output.append(big: UInt32(settings.count + 8))
        output.append(big: UInt32(3 << 16))
        output.append(settings)
        for statement in Self.statements {
            let parse = begin(0x50, output)
            output.append(Array((statement.name + "\0" + statement.text + "\0").utf8))
            output.append(big: UInt16(0))
            end(parse, output)
        }
        appendSync(output)
    }

    mutating func finishBatch(_ output: ByteQueue) {}

    private func begin(_ type: UInt8, _ output: ByteQueue) -> Int {
        output.append(type)
        output.append(big: UInt32(0))
        return output.mark - 4
    }

    private func end(_ message: Int, _ output: ByteQueue) {
        output.overwrite(at: message, big: UInt32(output.mark - message))
    }

    private func appendSync(_ output: ByteQueue) { end(begin(0x53, output), output) }

    /// `Bind` of a statement to binary parameters, to be followed by them.
    private func bind(_ statement: StaticString, parameters: UInt16, _ output: ByteQueue) -> Int {
        let message = begin(0x42, output)
        output.append(0)
        output.append(statement)
        output.append(0)
        output.append(big: UInt16(1))
        output.append(big: UInt16(1))
        output.append(big: parameters)
        return message
    }

    /// Results in binary, and `Execute`.
    private func execute(_ bind: Int, _ output: ByteQueue) {
        output.append(big: UInt16(1))
        output.append(big: UInt16(1))
        end(bind, output)
        let message = begin(0x45, output)
        output.append(0)
        output.append(big: UInt32(0))
        end(message, output)
    }

    private func append(_ number: UInt64, _ output: ByteQueue) {
        output.append(big: UInt32(8))
        output.append(big: number)
    }

    private func append(_ text: [UInt8], _ output: ByteQueue) {
        output.append(big: UInt32(text.count))
        output.append(text)
    }

    mutating func write(_ ask: Ask, _ ticket: UInt32, _ output: ByteQueue) {
        switch ask.operation {
        case .create: appendCreate(section: ask.key, output)
        case .update:
            let message = bind("u", parameters: 2, output)
            append(workload.keys.tasks[ask.key], output)
            append(workload.texts.notes(workload.nextText()), output)
            execute(message, output)
        case .get:
            let message = bind("g", parameters: 1, output)
            append(workload.keys.tasks[ask.key], output)
            execute(message, output)
        case .list:
            let message = bind("l", parameters: 1, output)
            append(workload.keys.sections[ask.key], output)
            execute(message, output)
        case .bulk:
            for index in ask.key..<(ask.key + ask.count) {
                appendCreate(section: index % workload.keys.sections.count, output)
            }
        case .people, .project, .sections:
            preconditionFailure("PostgreSQL needs no \(ask.operation)")
        }
        appendSync(output)
        expected.append(ticket)
    }

    private func appendCreate(section: Int, _ output: ByteQueue) {
        let person = workload.number(below: workload.keys.people.count)
        let message = bind("c", parameters: 8, output)
        append(workload.texts.name(workload.nextText()), output)
        append(workload.texts.notes(workload.nextText()), output)
        append(1, output)
        append(workload.keys.people[person], output)
        output.append(big: UInt32(4))
        output.append(big: UInt32(9_743 + workload.number(below: 100)))
        append(workload.keys.projects[section / Workload.sectionsPerProject], output)
        append(workload.keys.sections[section], output)
        append(workload.nextPosition(), output)
        execute(message, output)
    }

    // MARK: - Reading

    mutating func next(_ input: ByteQueue, _ asks: Asks, _ output: ByteQueue) -> Event {
        guard input.count >= 5 else { return .incomplete }
        let message = input.front
        let length = 1 + Int(message.big(1, UInt32.self))
        guard input.count >= length else { return .incomplete }
        input.consume(length)
        switch message.byte(0) {
        case 0x44:  // DataRow
            if let ticket = expected.first { takeRow(message, asks[ticket]) }
        case 0x43:  // CommandComplete
            if let ticket = expected.first, asks[ticket].operation == .update {
                isCorrect = isCorrect && message.text(5, length - 6) == "UPDATE 1"
                rows += 1
            }
        case 0x45:  // ErrorResponse
            isCorrect = false
            problem = message.text(5, length - 5).split(separator: "\0")
                .filter { $0.hasPrefix("M") || $0.hasPrefix("C") }.joined(separator: " ")
            if greetings > 0 || expected.first == nil { return .broken }
        case 0x5A: return finish(asks)  // ReadyForQuery
        default: break
        }
        return .passed
    }

    private mutating func finish(_ asks: Asks) -> Event {
        if greetings > 0 {
            greetings -= 1
            return greetings == 0 ? .ready : .passed
        }
        guard let ticket = expected.popFirst() else { return .passed }
        let ask = asks[ticket]
        let wanted = ask.operation == .list ? workload.listed : ask.count
        let isRight = isCorrect && rows == wanted
        if !isRight, problem.isEmpty { problem = "a wrong answer to \(ask.operation)" }
        rows = 0
        isCorrect = true
        return .answered(ticket: ticket, isCorrect: isRight)
    }

    /// The first column is the task's id in every row.
    private mutating func takeRow(_ message: UnsafeRawPointer, _ ask: Ask) {
        let id = message.big(11, UInt64.self)
        switch ask.operation {
        case .get: isCorrect = isCorrect && id == workload.keys.tasks[ask.key]
        case .list:
            let task = workload.task(at: rows, ofSection: ask.key)
            isCorrect =
                isCorrect && rows < workload.listed && id == workload.keys.tasks[task]
        case .bulk: isCorrect = isCorrect && id == UInt64(ask.key + rows + 1)
        default: isCorrect = isCorrect && id > 0
        }
        rows += 1
    }
}
