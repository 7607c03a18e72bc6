import Testing

@testable import peer_load

/// One dialect with its queues, fed by hand.
private struct Conversation<Speech: Dialect> {
    var speech: Speech
    let asks = Asks(capacity: 64)
    let input = ByteQueue()
    let output = ByteQueue()

    init(_ workload: Workload) {
        speech = Speech(workload, token: "hft_example", capacity: 64)
        speech.greet(output)
    }

    /// What was written since the last call.
    mutating func written() -> [UInt8] {
        speech.finishBatch(output)
        let bytes = Array(UnsafeRawBufferPointer(start: output.front, count: output.count))
        output.consume(output.count)
        return bytes
    }

    mutating func ask(_ ask: Ask, _ ticket: UInt32 = 0) -> [UInt8] {
        asks[ticket] = ask
        speech.write(ask, ticket, output)
        return written()
    }

    /// Whether the answers in these bytes were right, in order. The bytes come one by one.
    mutating func answers(_ bytes: [UInt8]) -> [Bool] {
        var found: [Bool] = []
        for byte in bytes {
            input.append(byte)
            reading: while true {
                switch speech.next(input, asks, output) {
                case .answered(_, let isCorrect): found.append(isCorrect)
                case .incomplete: break reading
                case .passed, .ready: continue
                case .broken: return found
                }
            }
        }
        return found
    }
}

private func workload() -> Workload {
    var keys = KeyFile(tasks: 2_000)
    keys.tasks[4] = 0x1_0000_0105
    return Workload(keys, seed: 1)
}

private let get = Ask(operation: .get, key: 4)

@Suite struct HoldfastDialectTests {
    private static let helloOk: [UInt8] =
        [0x3B, 0, 0, 0, 2, 0, 0, 0] + [UInt8](repeating: 0, count: 24) + [
            0x08, 1, 0x10, 0, 0x28, 9, 0x30, 2, 0x3A, 7, 0x70, 0x72, 0x69, 0x6D, 0x61, 0x72, 0x79,
            0x60, 0x80, 4, 0x68, 0x80, 0x80, 0x10, 0x78, 0x80, 0xD8, 0xC1, 0xA2, 0x8C, 0x34,
        ]

    private func response(_ payload: [UInt8], status: UInt8 = 0) -> [UInt8] {
        [UInt8(truncatingIfNeeded: 28 + payload.count), 0, 0, 0, 0x11, 1, status, 0, 1]
            + [UInt8](repeating: 0, count: 23) + payload
    }

    @Test func `a greeting is preface and hello with the token`() {
        var talk = Conversation<HoldfastDialect>(workload())
        let bytes = talk.written()
        #expect(bytes.prefix(8) == [0x48, 0x46, 0x50, 1, 0x0D, 0x0A, 0x1A, 0x0A])
        #expect(bytes[8...12] == [UInt8(bytes.count - 12), 0, 0, 0, 1])
        #expect(bytes.suffix(13) == [0x3A, 11] + Array("hft_example".utf8))
    }

    @Test func `a request carries the epoch and a command its id`() {
        var talk = Conversation<HoldfastDialect>(workload())
        _ = talk.written()
        #expect(talk.answers(Self.helloOk) == [])
        let question = talk.ask(get)
        #expect(question.prefix(12) == [52, 0, 0, 0, 0x10, 1, 0x04, 0x06, 1, 0, 0, 0])
        #expect(question[24] == 15)
        #expect(
            question[32...] == [
                6, 12, 0, 9, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 9, 5, 1, 0, 0, 1, 0, 0, 0,
            ])
        let command = talk.ask(Ask(operation: .update, key: 4), 1)
        #expect(command[24] == 53)
        #expect(command[32..<43] == [3, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0])
        #expect(command[58..<61] == [0x82, 24, 0])
        // The session was made when the server said it was: 1,790,000,000,000 ms.
        #expect(command[61..<67] == [0x01, 0xA0, 0xC4, 0x50, 0x6C, 0x00])
        #expect(command[77..<85] == [1, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test func `another task than was asked for is a wrong answer`() {
        var talk = Conversation<HoldfastDialect>(workload())
        _ = talk.answers(Self.helloOk)
        _ = talk.ask(get)
        #expect(talk.answers(response([9, 5, 1, 0, 0, 1, 0, 0, 0, 0x10, 1])) == [true])
        #expect(talk.answers(response([9, 6, 1, 0, 0, 1, 0, 0, 0, 0x10, 1])) == [false])
        #expect(talk.answers(response([])) == [false])
        #expect(talk.answers(response([8, 0x94, 3, 0x12, 2, 0x6E, 0x6F], status: 5)) == [false])
        #expect(talk.speech.problem == "404 no")
    }

    @Test func `a list is right with the section's first tasks in order and nothing else`() {
        let workload = workload()
        var talk = Conversation<HoldfastDialect>(workload)
        _ = talk.answers(Self.helloOk)
        _ = talk.ask(Ask(operation: .list, key: 2))
        func page(_ places: [Int]) -> [UInt8] {
            let rows = places.flatMap { place -> [UInt8] in
                let gid = workload.keys.tasks[workload.task(at: place, ofSection: 2)]
                return [0x0A, 9, 9] + (0..<8).map { UInt8(truncatingIfNeeded: gid >> ($0 * 8)) }
            }
            var bytes = response(rows)
            bytes[1] = UInt8((28 + rows.count) >> 8)
            return bytes
        }
        let all = Array(0..<50)
        #expect(talk.answers(page(all)) == [true])
        #expect(talk.answers(page(Array(all.dropLast()))) == [false])
        #expect(talk.answers(page(all + [50])) == [false])
        #expect(talk.answers(page([1, 0] + all.dropFirst(2))) == [false])
    }

    @Test func `the lowest sequence without an answer passes only what has one`() {
        var sequences = RequestSequences(capacity: 64)
        #expect(sequences.begin(7) == 1)
        #expect(sequences.begin(8) == 2)
        sequences.finish(8)
        #expect(sequences.lowest == 1)
        sequences.finish(7)
        #expect(sequences.lowest == 3)
    }
}

@Suite struct RedisDialectTests {
    private func reply(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func row(_ id: UInt64) -> [UInt8] {
        let digits = String(id)
        return reply(
            "*26\r\n$2\r\nid\r\n$\(digits.count)\r\n\(digits)\r\n"
                + String(repeating: "$1\r\nx\r\n", count: 24))
    }

    @Test func `a get asks for the whole hash and looks at its id`() {
        var talk = Conversation<RedisDialect>(workload())
        #expect(talk.written() == reply("*1\r\n$4\r\nPING\r\n"))
        #expect(talk.answers(reply("+PONG\r\n")) == [])
        #expect(talk.ask(get) == reply("*2\r\n$7\r\nHGETALL\r\n$15\r\ntask:4294967557\r\n"))
        #expect(talk.answers(row(4_294_967_557)) == [true])
        _ = talk.ask(get)
        #expect(talk.answers(row(1)) == [false])
        _ = talk.ask(get)
        #expect(talk.answers(reply("*0\r\n")) == [false])
    }

    @Test func `writes are done when the replica has them, and not before`() {
        var talk = Conversation<RedisDialect>(workload())
        _ = talk.written()
        _ = talk.answers(reply("+PONG\r\n"))
        let update = Ask(operation: .update, key: 4)
        talk.asks[0] = update
        talk.asks[1] = update
        talk.speech.write(update, 0, talk.output)
        let bytes = talk.ask(update, 1)
        #expect(
            bytes.suffix(31) == reply("*3\r\n$4\r\nWAIT\r\n$1\r\n1\r\n$4\r\n9000\r\n").suffix(31))
        #expect(talk.answers(reply(":0\r\n:0\r\n")) == [])
        #expect(talk.answers(reply(":1\r\n")) == [true, true])
        _ = talk.ask(update)
        #expect(talk.answers(reply(":0\r\n:0\r\n")) == [false])
    }

    @Test func `a create is one transaction of five replies`() {
        var talk = Conversation<RedisDialect>(workload())
        _ = talk.written()
        _ = talk.answers(reply("+PONG\r\n"))
        let bytes = talk.ask(Ask(operation: .create, key: 3))
        #expect(bytes.starts(with: reply("*1\r\n$5\r\nMULTI\r\n*28\r\n$4\r\nHSET\r\n$")))
        let replies = "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n:13\r\n:1\r\n:1\r\n:1\r\n"
        #expect(talk.answers(reply(replies)) == [true])
    }
}

@Suite struct TarantoolDialectTests {
    private let greeting = [UInt8](repeating: 0x20, count: 128)

    private func answer(_ body: [UInt8], status: [UInt8] = [0]) -> [UInt8] {
        let rest = [0x83, 0] + status + [1, 0xCE, 0, 0, 0, 0, 5, 1] + body
        return [0xCE, 0, 0, 0, UInt8(rest.count)] + rest
    }

    @Test func `a get selects by the primary key`() {
        var talk = Conversation<TarantoolDialect>(workload())
        #expect(talk.answers(greeting) == [])
        let expected: [UInt8] =
            [0xCE, 0, 0, 0, 33, 0x82, 0, 1, 1, 0xCE, 0, 0, 0, 0, 0x86]
            + [0x10, 0xCD, 2, 0, 0x11, 0, 0x12, 1, 0x13, 0, 0x14, 0, 0x20, 0x91]
            + [0xCF, 0, 0, 0, 1, 0, 0, 1, 5]
        #expect(talk.ask(get) == expected)
    }

    @Test func `the right tuple is told from another, from none and from an error`() {
        var talk = Conversation<TarantoolDialect>(workload())
        _ = talk.answers(greeting)
        _ = talk.ask(get)
        func tuple(_ last: UInt8) -> [UInt8] {
            [0x9D, 0xCF, 0, 0, 0, 1, 0, 0, 1, last, 0xA1, 0x78, 0xD9, 1, 0x78]
                + [UInt8](repeating: 7, count: 10)
        }
        #expect(talk.answers(answer([0x81, 0x30, 0x91] + tuple(5))) == [true])
        #expect(talk.answers(answer([0x81, 0x30, 0x91] + tuple(6))) == [false])
        #expect(talk.answers(answer([0x81, 0x30, 0x90])) == [false])
        let error = answer([0x81, 0x31, 0xA2, 0x6E, 0x6F], status: [0xCD, 0x80, 3])
        #expect(talk.answers(error) == [false])
        #expect(talk.speech.problem == "no")
    }
}

@Suite struct PostgresDialectTests {
    private let greeting: [UInt8] =
        [0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5A, 0, 0, 0, 5, 0x49, 0x31, 0, 0, 0, 4]
        + [0x5A, 0, 0, 0, 5, 0x49]
    private let ready: [UInt8] = [0x5A, 0, 0, 0, 5, 0x49]

    private func row(_ last: UInt8) -> [UInt8] {
        [0x44, 0, 0, 0, 18, 0, 1, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 1, last]
    }

    @Test func `a get binds its prepared statement to a binary id`() {
        var talk = Conversation<PostgresDialect>(workload())
        _ = talk.written()
        #expect(talk.answers(greeting) == [])
        let expected: [UInt8] =
            [0x42, 0, 0, 0, 29, 0, 0x67, 0, 0, 1, 0, 1, 0, 1]
            + [0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 1, 5, 0, 1, 0, 1]
            + [0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0x53, 0, 0, 0, 4]
        #expect(talk.ask(get) == expected)
        #expect(talk.answers(row(5) + ready) == [true])
        _ = talk.ask(get)
        #expect(talk.answers(row(6) + ready) == [false])
        _ = talk.ask(get)
        #expect(talk.answers(ready) == [false])
        _ = talk.ask(get)
        #expect(talk.answers([0x45, 0, 0, 0, 8, 0x4D, 0x6E, 0x6F, 0] + ready) == [false])
        #expect(talk.speech.problem == "Mno")
    }

    @Test func `an update must have changed one row`() {
        var talk = Conversation<PostgresDialect>(workload())
        _ = talk.answers(greeting)
        func complete(_ count: UInt8) -> [UInt8] {
            [0x43, 0, 0, 0, 13] + Array("UPDATE ".utf8) + [0x30 + count, 0] + ready
        }
        _ = talk.ask(Ask(operation: .update, key: 4))
        #expect(talk.answers(complete(1)) == [true])
        _ = talk.ask(Ask(operation: .update, key: 4))
        #expect(talk.answers(complete(0)) == [false])
    }
}
